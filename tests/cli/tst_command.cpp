// SPDX-License-Identifier: GPL-3.0-or-later
#include <chrono>
#include <clocale>
#include <locale>
#include <set>

#include "core/io/atomic_file.h"
#include "core/io/result_folder.h"
#include "core/io/safetensors.h"
#include "tests/cli/command_fixture.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t limit = 1 << 24;

/// Writes 1234.5 as "1.234,5".
struct CommaNumbers : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

/// What of a result does not depend on the clock.
json without_times(json result) {
  result.erase("wall_seconds");
  for (json& s : result["samplers"]) {
    s.erase("seconds");
    s["metrics"].erase("ess_per_second");
  }
  return result;
}

}  // namespace

class TestCommand : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    work_ = std::make_unique<Workspace>();
    write_phi(work_->path() / "phi.safetensors");
  }

  void listing() {
    const Outcome samplers = command({"list", "samplers"});
    ERGO_OK(samplers.differs_from(ExitCode::ok));
    for (const char* id :
         {"sghmc", "sgld", "psgld", "sgnht", "csgmcmc", "deep_ensemble", "l2e", "hmc", "step_size",
          "xi' = xi + rate eps", "Ding et al. 2014", "without the term Gamma", "Li et al. 2016"}) {
      QVERIFY2(samplers.out.find(id) != std::string::npos, id);
    }
    QVERIFY(command({"list", "presets"}).out.find("toy-foong") != std::string::npos);
    QVERIFY(command({"list", "models"}).out.find("mlp") != std::string::npos);
    QVERIFY(command({"list", "datasets"}).out.find("idx") != std::string::npos);
    QVERIFY(command({"list", "devices"}).out.starts_with("cpu "));
    ERGO_OK(command({"list", "sampler"}).differs_from(ExitCode::usage, "'sampler'", "'samplers'"));
  }

  void helpAndVersion() {
    for (const char* option : {"--help", "--version"}) {
      const Outcome outcome = command({option});
      ERGO_OK(outcome.differs_from(ExitCode::ok));
      QVERIFY(!outcome.out.empty());
    }
    ERGO_OK(command({}).differs_from(ExitCode::usage));
    ERGO_OK(command({"paint"}).differs_from(ExitCode::usage));
    ERGO_OK(command({"run"}).differs_from(ExitCode::usage, "preset"));
    ERGO_OK(command({"run", "x.json", "--colour"}).differs_from(ExitCode::usage, "--colour"));
  }

  void runPrintsATable() {
    const Outcome outcome = command({"run", work_->preset(all_samplers())});
    ERGO_OK(outcome.differs_from(ExitCode::ok));
    for (const char* word : {"sampler", "nll", "rmse", "sghmc", "deep_ensemble", "hmc", "done"}) {
      QVERIFY2(outcome.out.find(word) != std::string::npos, word);
    }
  }

  void runPrintsJson() {
    const Outcome outcome = command({"run", work_->preset(all_samplers()), "--json", "--seed",
                                     "18446744073709551615", "--workers", "1"});
    ERGO_OK(outcome.differs_from(ExitCode::ok));
    const json result = outcome.json();
    QVERIFY(result["seed"] == "18446744073709551615");
    QVERIFY(result["preset"] == "p" && result["reason"] == "completed");
    QCOMPARE(result["samplers"].size(), std::size_t(5));
    for (const json& s : result["samplers"]) {
      for (const char* key : {"id", "status", "chains", "draws", "gradient_evaluations", "seconds",
                              "data_points", "draws_sha256", "config", "metrics", "divergences"}) {
        QVERIFY2(s.contains(key), key);
      }
      QVERIFY(s["metrics"]["nll"].is_number());
    }
  }

  void setReachesTheRun() {
    const std::string preset = work_->preset(small_regression());
    const json result =
        command({"run", preset, "--json", "--set", "draws=8", "--set", "sghmc.friction=3"}).json();
    QVERIFY(result["samplers"][0]["draws"] == 8);
    QVERIFY(result["samplers"][0]["config"]["friction"] == 3.0);
  }

  void seedsPrintMeanAndError() {
    const std::string preset = work_->preset(small_regression());
    const json summary = command({"run", preset, "--json", "--seeds", "4-6"}).json();
    QVERIFY(summary["seeds"] == json({"4", "5", "6"}));
    QCOMPARE(summary["runs"].size(), std::size_t(3));
    const json& nll = summary["samplers"][0]["metrics"]["nll"];
    QVERIFY(nll["mean"].is_number() && nll["standard_error"].get<double>() > 0.0);
    QVERIFY(nll["n"] == 3);
    const json single = command({"run", preset, "--json", "--seed", "5"}).json();
    QVERIFY(without_times(single) == without_times(summary["runs"][1]));
    QVERIFY(command({"run", preset, "--seeds", "4-6"}).out.find("+-") != std::string::npos);
    for (const char* bad : {"6-4", "x", "1-", "1-99999"}) {
      ERGO_OK(command({"run", preset, "--seeds", bad}).differs_from(ExitCode::usage, bad));
    }
  }

  void outputFolder() {
    const std::string preset = work_->preset(all_samplers());
    const std::string out = work_->file("out");
    const Outcome outcome =
        command({"run", preset, "--json", "--out", out, "--save-positions", "--seed", "3"});
    ERGO_OK(outcome.differs_from(ExitCode::ok));
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(out)) names.insert(entry.path().filename());
    QVERIFY(names == (std::set<std::string>{"result.json", "preset.json", "manifest.json",
                                            "table.txt", "metrics.csv", "agreement.csv",
                                            "bands.csv", "convergence.csv", "sghmc.safetensors",
                                            "csgmcmc.safetensors", "deep_ensemble.safetensors",
                                            "l2e.safetensors", "hmc.safetensors"}));
    json index = json::parse(io::read_file(out + "/result.json", limit));
    QCOMPARE(index["files"].size(), names.size() - 1);
    index.erase("files");
    QVERIFY(index == outcome.json());
    QVERIFY(io::incomplete(out).empty());
    QVERIFY(json::parse(io::read_file(out + "/preset.json", limit))["kind"] == "compare");
  }

  void seedsHaveFoldersOfTheirOwn() {
    const std::string out = work_->file("out");
    ERGO_OK(command({"run", work_->preset(small_regression()), "--seeds", "1-2", "--out", out})
                .differs_from(ExitCode::ok));
    QVERIFY(fs::exists(out + "/s1/result.json") && fs::exists(out + "/s2/result.json"));
  }

  /// Without --force nothing in a folder that is not empty is touched, and nothing is computed.
  void fullFolderIsLeftAlone() {
    const std::string preset = work_->preset(small_regression());
    fs::create_directories(work_->file("out"));
    const std::string kept = work_->text("out/result.json", "mine");
    const Outcome refused = command({"run", preset, "--out", work_->file("out")});
    ERGO_OK(refused.differs_from(ExitCode::cannot_create, "not empty", "--force"));
    QVERIFY(io::read_file(kept, limit) == "mine");
    QCOMPARE(std::distance(fs::directory_iterator(work_->file("out")), {}), std::ptrdiff_t(1));
    ERGO_OK(command({"run", preset, "--out", work_->file("out"), "--force"})
                .differs_from(ExitCode::ok));
    QVERIFY(json::parse(io::read_file(kept, limit))["preset"] == "p");
  }

  /// What a killed run left is no reason to refuse a folder, and is gone afterwards.
  void leftoversAreNoContent() {
    const fs::path out = work_->path() / "out";
    fs::create_directories(out / ".new");
    for (const char* name : {"lock", ".new/result.json", ".ergo-00000000-1-0.tmp"})
      write_text(out / name, "");
    fs::last_write_time(out / ".ergo-00000000-1-0.tmp",
                        fs::file_time_type::clock::now() - std::chrono::hours(48));
    ERGO_OK(command({"run", work_->preset(small_regression()), "--out", out.string()})
                .differs_from(ExitCode::ok));
    for (const char* name : {"lock", ".new", ".ergo-00000000-1-0.tmp"})
      QVERIFY2(!fs::exists(out / name), name);
  }

  /// Nothing is written through a link in the folder.
  void linksInTheFolderAreNotFollowed() {
    const std::string preset = work_->preset(small_regression());
    const fs::path out = work_->path() / "out", other = work_->path() / "other";
    fs::create_directories(out);
    fs::create_directories(other);
    const std::string mine = work_->text("other/mine", "mine");
    fs::create_symlink(mine, out / "result.json");
    fs::create_symlink(other, out / ".new");
    ERGO_OK(command({"run", preset, "--out", out.string(), "--force"}).differs_from(ExitCode::ok));
    QVERIFY(io::read_file(mine, limit) == "mine");
    QVERIFY(!fs::is_symlink(out / "result.json") && io::incomplete(out).empty());
    QCOMPARE(std::distance(fs::directory_iterator(other), {}), std::ptrdiff_t(1));
    fs::create_symlink(other, out / "s1");
    ERGO_OK(command({"run", preset, "--out", out.string(), "--force", "--seeds", "1-2"})
                .differs_from(ExitCode::cannot_create, "s1", "symbolic link"));
    QCOMPARE(std::distance(fs::directory_iterator(other), {}), std::ptrdiff_t(1));
  }

  void unwritableFolders() {
    const std::string preset = work_->preset(small_regression());
    const std::string plain = work_->text("plain", "a file");
    for (const std::string& out : {plain, plain + "/below"}) {
      ERGO_OK(command({"run", preset, "--out", out})
                  .differs_from(ExitCode::cannot_create, "'" + out + "'"));
    }
    QVERIFY(io::read_file(plain, limit) == "a file");
  }

  void allDiverged() {
    const Outcome outcome = command({"run", work_->preset(small_regression()), "--json", "--set",
                                     "sghmc.step_size=1e6", "--out", work_->file("out")});
    ERGO_OK(outcome.differs_from(ExitCode::internal, "chain 0 of sampler sghmc", "step"));
    const json result = outcome.json();
    QVERIFY(result["reason"] == "diverged");
    QVERIFY(result["samplers"][0]["status"] == "diverged");
    QVERIFY(result["samplers"][0]["draws"] == 0);
    QVERIFY(result["samplers"][0]["metrics"]["nll"].is_null());
    QVERIFY(fs::exists(work_->file("out/result.json")));
  }

  /// The shipped preset needs nothing but the name of a table, however small.
  void ownTableRuns() {
    std::string text = "when;temperature\n";
    for (int i = 0; i < 40; ++i) text += fmt::format("{},5;{},25\n", i, i * i % 17);
    const std::string file = work_->text("mine.csv", text);
    const Outcome outcome = command({"run", "csv-regression", "--json", "--set",
                                     "data.file=" + file, "--set", "gradient_evaluations=400"});
    ERGO_OK(outcome.differs_from(ExitCode::ok, "';'-separated, decimal comma, names in row 1",
                                 "target 'temperature', 2 columns, 40 rows. "
                                 "Likelihood gaussian_learned, noise sd 0.3",
                                 "'batch_size' is 64, but there are 32 training points"));
    QCOMPARE(outcome.json()["notes"].size(), std::size_t{2});
    QVERIFY(outcome.json()["samplers"][0]["metrics"]["nll"].is_number());
    ERGO_OK(command({"run", "--help"}).differs_from(ExitCode::ok));
    QVERIFY(command({"run", "--help"}).out.find("may be repeated") != std::string::npos);
  }

  /// A stopped session saves what exists and ends with 130.
  void stoppedSession() {
    std::ostringstream out, err;
    cli::Session session{.out = out, .err = err, .control = {}};
    session.control.stop();
    const int status = cli::main({"run", work_->preset(small_regression()), "--json"}, session);
    QCOMPARE(status, 130);
    QVERIFY(json::parse(out.str())["reason"] == "stopped");
  }

  void metaTrainAndEvaluate() {
    const std::string preset = work_->preset(small_meta());
    const std::string file = work_->file("phi2.safetensors");
    const Outcome trained = command({"meta-train", preset, "--out", file, "--json"});
    ERGO_OK(trained.differs_from(ExitCode::ok));
    QVERIFY(trained.json()["iterations"] == 6);
    QVERIFY(trained.json()["phi_sha256"].get<std::string>().size() == 64);
    QVERIFY(trained.json()["file"] == file);
    const Outcome again = command({"meta-train", preset, "--out", file});
    ERGO_OK(again.differs_from(ExitCode::cannot_create, "--force"));
    const Outcome bare =
        command({"meta-train", preset, "--out", work_->file("x.safetensors"), "--resume", file});
    ERGO_OK(bare.differs_from(ExitCode::data, "takes a .state.safetensors file"));
    const Outcome scores = command({"evaluate-meta", file, preset, "--json"});
    ERGO_OK(scores.differs_from(ExitCode::ok));
    QCOMPARE(scores.json()["families"].size(), std::size_t(4));
    ERGO_OK(command({"meta-train", work_->preset(small_regression()), "--out", file, "--force"})
                .differs_from(ExitCode::usage, "compare"));
  }

  void tuneChoosesTheBetterSetting() {
    json document = small_regression();
    document["gradient_evaluations"] = 4000;  // long enough that 0.003 wins on any stream
    document["tuning"] = {{"seeds", "101-102"}, {"grid", {{"sghmc.step_size", {1e-7, 0.003}}}}};
    const std::string preset = work_->preset(document);
    const Outcome outcome = command({"tune", preset, "--json"});
    ERGO_OK(outcome.differs_from(ExitCode::ok));
    QVERIFY(outcome.json()["set"]["sghmc.step_size"] == 0.003);
    QCOMPARE(outcome.json()["table"].size(), std::size_t(2));
    QVERIFY(outcome.json()["gradient_evaluations"] == 4000);
    QVERIFY(command({"tune", preset}).out.find("chosen") != std::string::npos);
    ERGO_OK(command({"tune", work_->preset(small_regression())})
                .differs_from(ExitCode::usage, "'tuning'"));
  }

  /// A point of the grid that cannot run is refused before any other has run.
  void tuneChecksEverySettingFirst() {
    json document = small_regression();
    document["gradient_evaluations"] = 4000000;  // minutes, where it began to run
    document["tuning"] = {{"seeds", "101-103"}, {"grid", {{"sghmc.chains", {1, 3}}}}};
    const Outcome outcome = command({"tune", work_->preset(document), "--json"});
    ERGO_OK(outcome.differs_from(ExitCode::config, "tuning.grid at {\"sghmc.chains\":3}: "));
  }

  /// Numbers are read and written with a point whatever the locale says.
  void numbersIgnoreTheLocale() {
    const std::string preset = work_->preset(small_regression());
    const std::vector<std::string> arguments = {"run", preset, "--json", "--set",
                                                "sghmc.friction=2.5"};
    const std::vector<std::string> to_table = {"list", "samplers"};
    const json plain = without_times(command(arguments).json());
    const std::string table = command(to_table).out;
    const std::string old = std::setlocale(LC_ALL, nullptr);
    const std::locale before = std::locale::global(std::locale(std::locale(), new CommaNumbers));
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"}) {
      if (std::setlocale(LC_ALL, name)) break;
    }
    const Outcome german = command(arguments);
    const std::string german_table = command(to_table).out;
    std::locale::global(before);
    std::setlocale(LC_ALL, old.c_str());
    QVERIFY(without_times(german.json()) == plain);
    QVERIFY(plain["samplers"][0]["config"]["friction"] == 2.5);
    QVERIFY(german_table == table);
  }

 private:
  std::unique_ptr<Workspace> work_;
};

QTEST_GUILESS_MAIN(TestCommand)
#include "tst_command.moc"
