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
    for (const char* name : {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "RANK", "WORLD_SIZE",
                             "SLURM_PROCID", "SLURM_NTASKS"})
      ::unsetenv(name);
  }

  void onlyTheLowestRankSpeaks() {
    const std::vector<int> ends = play({}, 2);
    QVERIFY2(ends == std::vector<int>(2, 0), text("err-0").c_str());
    const json shown = json::parse(text("out-0"));
    QVERIFY(shown["reason"] == "completed" && shown["iterations"] == 6);
    QVERIFY(text("err-0").find("iteration 6") != std::string::npos);
    QVERIFY(text("out-1").empty() && text("err-1").empty());
  }

  void differentSettingsAreRefused() {
    const std::vector<int> ends = play({}, 2, {"--seed", "9"});
    QVERIFY(ends == std::vector<int>(2, static_cast<int>(ExitCode::config)));
    for (const char* file : {"err-0", "err-1"}) {
      QVERIFY2(text(file).find("Rank 1 has seed 9, but rank 0 has seed 5") != std::string::npos,
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
    for (const int n : {1, 2, 4}) QTest::addRow("%d", n) << n << 1 << QStringList();
    QTest::newRow("2, interface") << 2 << 1 << QStringList{"--interface", "lo"};
    QTest::newRow("2, workers") << 2 << most << QStringList();
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
    together.push_back(work_->file("together"));
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
    const std::vector<int> ends = play_run({}, 2, {"--set", "draws=3"});
    QVERIFY(ends == std::vector<int>(2, static_cast<int>(ExitCode::config)));
    for (const char* file : {"err-0", "err-1"}) {
      QVERIFY2(text(file).find("Rank 1 has preset 'p' (") != std::string::npos, text(file).c_str());
    }
    const std::vector<int> seeds = play_run({}, 2, {"--seed", "9"});
    QVERIFY(seeds == std::vector<int>(2, static_cast<int>(ExitCode::config)));
    QVERIFY2(text("err-0").find("Rank 1 has seed 9, but rank 0 has seed 1") != std::string::npos,
             text("err-0").c_str());
  }

  /// Open MPI's, torchrun's and Slurm's variables; what is nested within another counts first.
  void launchersGiveNumberAndRank_data() {
    QTest::addColumn<QStringList>("rank");
    QTest::addColumn<QStringList>("size");
    const QStringList ranks = {"OMPI_COMM_WORLD_RANK", "RANK", "SLURM_PROCID"};
    const QStringList sizes = {"OMPI_COMM_WORLD_SIZE", "WORLD_SIZE", "SLURM_NTASKS"};
    for (int i = 0; i < 3; ++i) QTest::newRow(qPrintable(ranks[i])) << ranks.mid(i) << sizes.mid(i);
  }
  void launchersGiveNumberAndRank() {
    QFETCH(QStringList, rank);
    QFETCH(QStringList, size);
    const std::vector<int> ends = play({}, 2, {}, [&](int own) {
      for (const QString& name : rank.mid(1)) qputenv(qPrintable(name), "17");
      for (const QString& name : size.mid(1)) qputenv(qPrintable(name), "18");
      qputenv(qPrintable(rank.first()), QByteArray::number(own));
      qputenv(qPrintable(size.first()), "2");
    });
    QVERIFY2(ends == std::vector<int>(2, 0), text("err-0").c_str());
    QVERIFY(text("out-1").empty());
    QVERIFY(json::parse(text("out-0"))["iterations"] == 6);
  }

  void badOptions_data() {
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, QStringList options, int status, const char* says) {
      QTest::newRow(name) << options << status << says;
    };
    const QString file = "file:///no/such/r";
    const auto one_of_two = [&file](const QStringList& more) {
      return QStringList{"--processes", "2", "--rank", "0", "--rendezvous", file} + more;
    };
    row("rank alone", {"--rank", "0"}, 64, "--rank needs --rendezvous");
    row("no rendezvous", {"--processes", "2", "--rank", "0"}, 64, "needs --rendezvous");
    row("no place", {"--rendezvous", file}, 64, "OMPI_COMM_WORLD_RANK");
    row("no rank", {"--processes", "2", "--rendezvous", file}, 64, "--rank");
    row("no number of processes", {"--rank", "1", "--rendezvous", file}, 64, "--processes");
    row("rank too large", {"--processes", "2", "--rank", "2", "--rendezvous", file}, 64,
        "(--rank) is 2");
    row("no number", {"--processes", "2,0", "--rank", "1", "--rendezvous", file}, 64, "'2,0'");
    for (const char* form :
         {"/folder", "folder", "file://r", "tcp://host", "tcp://:29500", "tcp://host:0",
          "tcp://host:70000", "tcp://host:x", "tcp://", "file:///"}) {
      row(qPrintable(QString("form %1").arg(form)),
          {"--processes", "2", "--rank", "0", "--rendezvous", form}, 64,
          "must be tcp://HOST:PORT, where HOST runs rank 0, or file:///PATH");
    }
    row("interface", one_of_two({"--interface", "no0"}), 64, "'no0', but this machine has ");
    row("no time-out", one_of_two({"--peer-timeout", "0"}), 64, "--peer-timeout is 0");
    row("exchange", one_of_two({"--exchange", "folder"}), 64, "--exchange");
    row("uneven", {"--processes", "3", "--rank", "1", "--rendezvous", file}, 78, "'pairs' is 2");
    row("run, rank alone", {"run", "--rank", "0"}, 64, "--rank needs --rendezvous");
    row("run, no folder", QStringList{"run"} + one_of_two({}), 73, "/no/such/r");
    row("no folder", one_of_two({}), 73, "/no/such/r");
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
  }

 private:
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

  /// `place`: what a launcher would do in the process of a rank, which then has no such options.
  using Place = std::function<void(int rank)>;

  std::vector<std::string> arguments(int rank, int processes, const Place& place) const {
    std::vector<std::string> list = {
        "meta-train", work_->file("p.json"),         "--json", "--workers", "1",
        "--out",      work_->file("phi.safetensors")};
    if (runs_) list = {"run", work_->file("p.json")};
    list.insert(list.end(), {"--rendezvous", "file://" + work_->file("job")});
    if (place) {
      place(rank);
      return list;
    }
    list.insert(list.end(),
                {"--processes", std::to_string(processes), "--rank", std::to_string(rank)});
    return list;
  }

  /// Starts every process; the last one with `different` options too.
  std::vector<int> play(const std::vector<std::string>& options, int processes,
                        const std::vector<std::string>& different = {},
                        const Place& place = {}) const {
    if (!runs_) work_->preset(small_meta());
    std::vector<pid_t> pids;
    for (int rank = 0; rank < processes; ++rank) {
      pids.push_back(spawn([&, rank] {
        std::vector<std::string> list = arguments(rank, processes, place);
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
