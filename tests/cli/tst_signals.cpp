// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <thread>

#include "core/io/atomic_file.h"
#include "tests/cli/program_fixture.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t limit = 1 << 24;

void stop_signals() {
  QTest::addColumn<int>("number");
  QTest::addColumn<int>("status");
  QTest::newRow("HUP") << SIGHUP << 130;
  QTest::newRow("INT") << SIGINT << 130;
  QTest::newRow("TERM") << SIGTERM << 130;
  QTest::newRow("USR1") << SIGUSR1 << 75;
}

/// Longer than any test waits.
json endless() {
  json document = small_regression();
  document["gradient_evaluations"] = 1'000'000'000;
  return document;
}

/// One transition takes minutes: nothing but a second INT ends it sooner.
json unyielding() {
  json document = small_regression();
  document["samplers"] = json::array({{{"id", "hmc"},
                                       {"steps", 4},
                                       {"burn_in", 0},
                                       {"target_acceptance", 0},
                                       {"step_size", 1e-9},
                                       {"trajectory_length", 1e6},
                                       {"max_leapfrog", 1'000'000}}});
  document["data"]["train_size"] = 20000;
  return document;
}

}  // namespace

/// The real program, with the threads that its libraries start before main(): they take signals
/// too, whatever the program's own mask says.
class TestSignals : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { work_ = std::make_unique<Workspace>(); }

  void runSavesWhatExists_data() { stop_signals(); }
  void runSavesWhatExists() {
    QFETCH(int, number);
    QFETCH(int, status);
    const fs::path out = work_->path() / "out";
    Program program({"run", work_->preset(endless()), "--json", "--out", out.string()});
    QTRY_VERIFY_WITH_TIMEOUT(fs::exists(out), patience);
    bool threaded = std::thread::hardware_concurrency() < 2;
    QTRY_VERIFY(threaded = threaded || program.threads() > 3);
    program.send(number);
    const int end = program.end();
    QVERIFY2(end == status, program.err.c_str());
    QVERIFY(json::parse(program.out)["reason"] == "stopped");
    QVERIFY(json::parse(io::read_file(out / "result.json", limit))["reason"] == "stopped");
  }

  void trainingKeepsItsLastIteration_data() { stop_signals(); }
  void trainingKeepsItsLastIteration() {
    QFETCH(int, number);
    QFETCH(int, status);
    json document = small_meta();
    document.merge_patch({{"iterations", 1'000'000}, {"validate_every", 1'000'000}});
    const std::string file = work_->file("phi.safetensors");
    Program program({"meta-train", work_->preset(document), "--json", "--out", file});
    bool threaded = false;  // once seen: the macro asks twice
    QTRY_VERIFY_WITH_TIMEOUT(threaded = threaded || program.threads() > 3, patience);
    QTest::qWait(2000);
    program.send(number);
    const int end = program.end();
    QVERIFY2(end == status, program.err.c_str());
    QVERIFY(json::parse(program.out)["reason"] == "stopped");
    QVERIFY(fs::exists(file) && fs::exists(file + ".state.safetensors"));
  }

  void tuningSaysThatItWasStopped_data() { stop_signals(); }
  void tuningSaysThatItWasStopped() {
    QFETCH(int, number);
    QFETCH(int, status);
    json document = endless();
    document["tuning"] = {{"seeds", "1-2"}, {"grid", {{"sghmc.step_size", {1e-3, 2e-3}}}}};
    Program program({"tune", work_->preset(document)});
    bool threaded = false;  // once seen: the macro asks twice
    QTRY_VERIFY_WITH_TIMEOUT(threaded = threaded || program.threads() > 3, patience);
    QTest::qWait(2000);
    program.send(number);
    const int end = program.end();
    QVERIFY2(end == status, program.err.c_str());
    QVERIFY2(program.err.find("stopped") != std::string::npos, program.err.c_str());
  }

  /// A signal to one process of a job ends all in the same way, with the result saved.
  void jobsStopTogether_data() { stop_signals(); }
  void jobsStopTogether() {
    QFETCH(int, number);
    QFETCH(int, status);
    const fs::path out = work_->path() / "out";
    const std::string preset = work_->preset(endless());
    std::vector<std::unique_ptr<Program>> ranks;
    for (const char* rank : {"0", "1", "2"}) {
      ranks.push_back(std::make_unique<Program>(std::vector<std::string>{
          "run", preset, "--processes", "3", "--rank", rank, "--rendezvous",
          "file://" + work_->file("job"), "--workers", "1", "--out", out.string()}));
    }
    QTRY_VERIFY_WITH_TIMEOUT(fs::exists(out), patience);
    QTest::qWait(1000);
    ranks.back()->send(number);
    for (const auto& rank : ranks) {
      const int end = rank->end();
      QVERIFY2(end == status, rank->err.c_str());
    }
    QVERIFY(json::parse(io::read_file(out / "result.json", limit))["reason"] == "stopped");
  }

  /// Impatience is no insisting; insisting ends at once, whatever the program is at.
  void aSecondInterruptInsists() {
    const fs::path out = work_->path() / "out";
    Program program({"run", work_->preset(unyielding()), "--workers", "1", "--out", out.string()});
    QTRY_VERIFY_WITH_TIMEOUT(fs::exists(out), patience);
    QTest::qWait(1000);
    program.send(SIGINT);
    for (int i = 0; i < 3; ++i) {
      QTest::qWait(300);
      program.send(SIGINT);
      program.send(SIGTERM);
    }
    QTest::qWait(1500);
    QVERIFY(program.state() == QProcess::Running);
    program.send(SIGINT);
    QVERIFY(program.waitForFinished(2000));
    QCOMPARE(program.end(), 130);
    QVERIFY(!fs::exists(out / "result.json"));
  }

  /// Under nohup a hangup says nothing.
  void anIgnoredHangupStaysIgnored() {
    const fs::path out = work_->path() / "out";
    ::signal(SIGHUP, SIG_IGN);
    Program program({"run", work_->preset(endless()), "--out", out.string()});
    ::signal(SIGHUP, SIG_DFL);
    QTRY_VERIFY_WITH_TIMEOUT(fs::exists(out), patience);
    program.send(SIGHUP);
    QTest::qWait(1000);
    QVERIFY(program.state() == QProcess::Running);
    program.send(SIGTERM);
    QCOMPARE(program.end(), 130);
  }

 private:
  std::unique_ptr<Workspace> work_;
};

QTEST_GUILESS_MAIN(TestSignals)
#include "tst_signals.moc"
