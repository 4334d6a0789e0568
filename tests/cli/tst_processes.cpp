// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <memory>
#include <thread>

#include "core/io/atomic_file.h"
#include "tests/cli/command_fixture.h"
#include "tests/support/child.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

namespace {
constexpr std::size_t limit = 1 << 24;
}

/// The options of a job of several processes; how the processes get along: tst_distributed.
class TestProcesses : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    work_ = std::make_unique<Workspace>();
    for (const char* name : {"SLURM_NTASKS", "SLURM_PROCID", "SLURM_RESTART_COUNT"})
      ::unsetenv(name);
  }

  void onlyTheLowestRankSpeaks() {
    const std::vector<int> ends = play({"--exchange", "folder"}, 2);
    QVERIFY2(ends == std::vector<int>(2, 0), text("err-0").c_str());
    const json shown = json::parse(text("out-0"));
    QVERIFY(shown["reason"] == "completed" && shown["iterations"] == 6);
    QVERIFY(text("err-0").find("iteration 6") != std::string::npos);
    QVERIFY(text("out-1").empty() && text("err-1").empty());
  }

  void differentSettingsAreRefused() {
    const std::vector<int> ends = play({"--exchange", "folder"}, 2, {"--seed", "9"});
    QVERIFY(ends == std::vector<int>(2, static_cast<int>(ExitCode::config)));
    for (const char* file : {"err-0", "err-1"}) {
      QVERIFY2(text(file).find("Rank 1 has seed 9, but rank 0 has 5") != std::string::npos,
               text(file).c_str());
    }
  }

  /// Every sampler's draws and every number that is no time, for any number of processes and
  /// workers.
  void runsAgree_data() {
    QTest::addColumn<int>("processes");
    QTest::addColumn<int>("workers");
    QTest::addColumn<QStringList>("options");
    const int most = std::thread::hardware_concurrency() >= 2 ? 2 : 1;
    QTest::newRow("workers") << 0 << most << QStringList();
    for (const int n : {1, 2, 4}) {
      QTest::addRow("%d, folder", n) << n << 1 << QStringList{"--exchange", "folder"};
      QTest::addRow("%d, default", n) << n << 1 << QStringList{"--interface", "lo"};
    }
    QTest::newRow("2, workers") << 2 << most << QStringList{"--exchange", "folder"};
  }
  void runsAgree() {
    QFETCH(int, processes);
    QFETCH(int, workers);
    QFETCH(QStringList, options);
    run_preset({{"batch_size", 5}});
    std::vector<std::string> list = {"--workers", std::to_string(workers)};
    for (const QString& option : options) list.push_back(option.toStdString());
    const json expected = timeless(run_alone({"--json", "--workers", "1"}));
    QVERIFY(expected["reason"] == "completed" && expected["samplers"].size() == 5);
    list.push_back("--json");
    if (processes == 0) {
      QVERIFY(timeless(run_alone(list)) == expected);
      return;
    }
    const std::vector<int> ends = play_run(list, processes);
    QVERIFY2(ends == std::vector<int>(static_cast<std::size_t>(processes), 0),
             text("err-0").c_str());
    const json shown = timeless(json::parse(text("out-0")));
    QVERIFY2(shown == expected, json::diff(expected, shown).dump().c_str());
    for (int rank = 1; rank < processes; ++rank) {
      const std::string n = std::to_string(rank);
      QVERIFY2(text("out-" + n).empty() && text("err-" + n).empty(), text("err-" + n).c_str());
    }
    QVERIFY(!std::filesystem::exists(work_->path() / "job"));
  }

  void seedsAndFoldersAgree() {
    run_preset({{"dtype", "float64"}});
    const std::vector<std::string> common = {"--json", "--workers",        "1",    "--seeds",
                                             "3-4",    "--save-positions", "--out"};
    auto alone = common, together = common;
    alone.push_back(work_->file("alone"));
    together.insert(together.end(), {work_->file("together"), "--exchange", "folder"});
    const json expected = run_alone(alone);
    const std::vector<int> ends = play_run(together, 3);
    QVERIFY2(ends == std::vector<int>(3, 0), text("err-0").c_str());
    const json shown = json::parse(text("out-0"));
    QVERIFY(timeless(shown) == timeless(expected));
    for (const char* seed : {"s3", "s4"}) {
      for (const char* file :
           {"bands.csv", "metrics.csv", "sghmc.safetensors", "hmc.safetensors"}) {
        const std::string name = std::string("/") + seed + "/" + file;
        QVERIFY2(text("alone" + name) == text("together" + name), name.c_str());
      }
      const json manifest = json::parse(text(std::string("together/") + seed + "/manifest.json"));
      QVERIFY(manifest["processes"] == 3);
    }
    // The folder is refused by all of them, and none of them waits for the others.
    const std::vector<int> again = play_run(together, 3);
    QVERIFY(again == std::vector<int>(3, static_cast<int>(ExitCode::cannot_create)));
    for (const char* file : {"err-0", "err-2"}) {
      QVERIFY2(text(file).find("not empty") != std::string::npos, file);
    }
  }

  void differentRunsAreRefused() {
    run_preset(json::object());
    const std::vector<int> ends = play_run({"--exchange", "folder"}, 2, {"--set", "draws=3"});
    QVERIFY(ends == std::vector<int>(2, static_cast<int>(ExitCode::config)));
    for (const char* file : {"err-0", "err-1"}) {
      QVERIFY2(text(file).find("Rank 1 has preset 'p' (") != std::string::npos, text(file).c_str());
    }
    const std::vector<int> seeds = play_run({"--exchange", "folder"}, 2, {"--seed", "9"});
    QVERIFY(seeds == std::vector<int>(2, static_cast<int>(ExitCode::config)));
    QVERIFY2(text("err-0").find("Rank 1 has seed 9, but rank 0 has 1") != std::string::npos,
             text("err-0").c_str());
  }

  void slurmGivesNumberAndRank() {
    const std::vector<int> ends = play({}, 2, {}, true);
    QVERIFY2(ends == std::vector<int>(2, 0), text("err-0").c_str());
    QVERIFY(text("out-1").empty());
    QVERIFY(json::parse(text("out-0"))["iterations"] == 6);
    QVERIFY(fs_empty(work_->path() / "slurm"));  // the step's own folder was removed
  }

  void badOptions_data() {
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, QStringList options, int status, const char* says) {
      QTest::newRow(name) << options << status << says;
    };
    row("rank alone", {"--rank", "0"}, 64, "--rank needs --processes");
    row("no rendezvous", {"--processes", "2", "--rank", "0"}, 64, "--rendezvous");
    row("no rank", {"--processes", "2", "--rendezvous", "r"}, 64, "--rank");
    row("rank too large", {"--processes", "2", "--rank", "2", "--rendezvous", "r"}, 64,
        "--rank is 2");
    row("no number", {"--processes", "2,0", "--rank", "1", "--rendezvous", "r"}, 64, "'2,0'");
    row("no slurm", {"--processes", "slurm", "--rendezvous", "r"}, 64, "SLURM_NTASKS");
    row("exchange", {"--processes", "2", "--rank", "1", "--rendezvous", "r", "--exchange", "mail"},
        64, "'mail'");
    row("no time-out",
        {"--processes", "2", "--rank", "1", "--rendezvous", "r", "--exchange", "folder",
         "--peer-timeout", "0"},
        64, "--peer-timeout is 0");
    row("uneven", {"--processes", "3", "--rank", "1", "--rendezvous", "r", "--exchange", "folder"},
        78, "'pairs' is 2");
    row("run, rank alone", {"run", "--rank", "0"}, 64, "--rank needs --processes");
    row("run, no folder",
        {"run", "--processes", "3", "--rank", "1", "--rendezvous", "no/such/r", "--exchange",
         "folder"},
        73, "'no/such/r'");
    row("no folder",
        {"--processes", "2", "--rank", "1", "--rendezvous", "no/such/r", "--exchange", "folder"},
        73, "'no/such/r'");
  }
  void badOptions() {
    QFETCH(QStringList, options);
    QFETCH(int, status);
    QFETCH(QString, says);
    std::vector<std::string> arguments = {"meta-train", work_->preset(small_meta()), "--out",
                                          work_->file("phi.safetensors")};
    if (options.first() == "run") {
      options.removeFirst();
      arguments = {"run", work_->preset(small_regression())};
    }
    for (const QString& option : options) arguments.push_back(option.toStdString());
    const Outcome outcome = command(arguments);
    QVERIFY2(outcome.status == status, outcome.err.c_str());
    QVERIFY2(outcome.err.find(says.toStdString()) != std::string::npos, outcome.err.c_str());
    QVERIFY(!std::filesystem::exists("r"));
  }

 private:
  static bool fs_empty(const std::filesystem::path& path) {
    return std::filesystem::is_directory(path) && std::filesystem::is_empty(path);
  }

  std::string text(const std::string& name) const {
    return io::read_file(work_->file(name), limit);
  }

  /// A preset with every sampler.
  void run_preset(const json& change) const {
    write_phi(work_->path() / "phi.safetensors");
    json document = all_samplers();
    document.merge_patch(change);
    work_->preset(document);
  }

  /// A result, or a summary with its results, without its times.
  static json timeless(json object) {
    object.erase("wall_seconds");
    if (object.contains("runs")) {
      for (json& run : object["runs"]) run = timeless(run);
    }
    for (json& sampler : object["samplers"]) {
      sampler.erase("seconds");
      sampler["metrics"].erase("ess_per_second");
    }
    return object;
  }

  json run_alone(const std::vector<std::string>& options) const {
    std::vector<std::string> list = {"run", work_->file("p.json")};
    list.insert(list.end(), options.begin(), options.end());
    const pid_t pid = spawn([&] {
      const Outcome outcome = command(list);
      write_text(work_->file("out-alone"), outcome.out);
      return outcome.status;
    });
    return wait_for_end(pid) == 0 ? json::parse(text("out-alone")) : json::object();
  }

  std::vector<std::string> arguments(int rank, int processes, bool slurm) const {
    std::vector<std::string> list = {
        "meta-train", work_->file("p.json"),         "--json", "--workers", "1",
        "--out",      work_->file("phi.safetensors")};
    if (runs_) list = {"run", work_->file("p.json")};
    std::vector<std::string> place = {"--processes",  std::to_string(processes),
                                      "--rank",       std::to_string(rank),
                                      "--rendezvous", work_->file("job")};
    if (slurm) {
      place = {"--processes", "slurm", "--rendezvous", work_->file("slurm"), "--interface", "lo"};
      ::setenv("SLURM_NTASKS", std::to_string(processes).c_str(), 1);
      ::setenv("SLURM_PROCID", std::to_string(rank).c_str(), 1);
      ::setenv("SLURM_JOB_ID", "17", 1);
      ::setenv("SLURM_STEP_ID", "0", 1);
    }
    list.insert(list.end(), place.begin(), place.end());
    return list;
  }

  /// Starts every process; the last one with `different` options too.
  std::vector<int> play(const std::vector<std::string>& options, int processes,
                        const std::vector<std::string>& different = {}, bool slurm = false) const {
    if (!runs_) work_->preset(small_meta());
    if (slurm) std::filesystem::create_directory(work_->path() / "slurm");
    std::vector<pid_t> pids;
    for (int rank = 0; rank < processes; ++rank) {
      pids.push_back(spawn([&, rank] {
        std::vector<std::string> list = arguments(rank, processes, slurm);
        list.insert(list.end(), options.begin(), options.end());
        if (rank + 1 == processes) list.insert(list.end(), different.begin(), different.end());
        const Outcome outcome = command(list);
        write_text(work_->file(fmt::format("out-{}", rank)), outcome.out);
        write_text(work_->file(fmt::format("err-{}", rank)), outcome.err);
        return outcome.status;
      }));
    }
    std::vector<int> ends;
    for (const pid_t pid : pids) ends.push_back(wait_for_end(pid));
    return ends;
  }

  /// The same with `run`.
  std::vector<int> play_run(const std::vector<std::string>& options, int processes,
                            const std::vector<std::string>& different = {}) {
    runs_ = true;
    const std::vector<int> ends = play(options, processes, different);
    runs_ = false;
    return ends;
  }

  std::unique_ptr<Workspace> work_;
  bool runs_ = false;
};

QTEST_GUILESS_MAIN(TestProcesses)
#include "tst_processes.moc"
