// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/resource.h>

#include <memory>

#include "core/io/atomic_file.h"
#include "core/io/result_folder.h"
#include "tests/cli/program_fixture.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t limit = 1 << 24;

json endless() {
  json document = small_regression();
  document["gradient_evaluations"] = 1'000'000'000;
  return document;
}

json endless_training() {
  json document = small_meta();
  document["iterations"] = 1'000'000;
  return document;
}

/// No file can grow beyond 100 bytes, as on a full disk.
void fill_disk() {
  const rlimit few{100, 100};
  ::setrlimit(RLIMIT_FSIZE, &few);
}

}  // namespace

/// Who writes what where, with real processes: locks, kills, full disks.
class TestOutput : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { work_ = std::make_unique<Workspace>(); }

  void oneRunAtATimeWritesIntoAFolder() {
    const std::string out = work_->file("out"), preset = work_->preset(endless());
    Program first({"run", preset, "--out", out});
    QTRY_VERIFY_WITH_TIMEOUT(fs::exists(out + "/lock"), patience);
    for (const bool force : {false, true}) {
      std::vector<std::string> words = {"run", preset, "--out", out};
      if (force) words.push_back("--force");
      Program second(words);
      QCOMPARE(second.end(), 73);
      const std::string holder = "process " + std::to_string(first.processId());
      QVERIFY2(second.err.find(holder) != std::string::npos, second.err.c_str());
    }
    first.send(SIGTERM);
    QCOMPARE(first.end(), 130);
    QVERIFY(io::incomplete(out).empty());
  }

  /// A kill leaves the lock's file and the checkpoint; what holds nobody is free.
  void aKillFreesTheFolder() {
    const std::string out = work_->file("out");
    Program killed({"run", work_->preset(endless()), "--out", out});
    QTRY_VERIFY_WITH_TIMEOUT(fs::exists(out + "/lock"), patience);
    killed.send(SIGKILL);
    killed.end();
    QVERIFY(fs::exists(out + "/lock"));
    Program next({"run", work_->preset(small_regression()), "--out", out, "--force"});
    const int end = next.end();
    QVERIFY2(end == 0, next.err.c_str());
    QVERIFY(io::incomplete(out).empty() && !fs::exists(out + "/lock"));
  }

  void oneTrainingAtATimeWritesAFile() {
    const std::string file = work_->file("phi.safetensors");
    const std::string preset = work_->preset(endless_training());
    Program first({"meta-train", preset, "--out", file});
    QTRY_VERIFY_WITH_TIMEOUT(fs::exists(file + ".lock"), patience);
    Program second({"meta-train", preset, "--out", file, "--force"});
    QCOMPARE(second.end(), 73);
    QVERIFY2(second.err.find("is writing here") != std::string::npos, second.err.c_str());
    first.send(SIGKILL);
    first.end();
    Program third({"meta-train", preset, "--out", file, "--force"});
    const std::string holder = "process " + std::to_string(third.processId()) + " ";
    const auto holds = [&] {
      return io::read_file(file + ".lock", limit).find(holder) != std::string::npos;
    };
    QTRY_VERIFY_WITH_TIMEOUT(holds(), patience);
    third.send(SIGTERM);
    QCOMPARE(third.end(), 130);
    QVERIFY(!fs::exists(file + ".lock"));
  }

  void aFullDiskCostsNoTable() {
    const std::string out = work_->file("out");
    for (const char* seeds : {"1", "1-2"}) {
      Program program({"run", work_->preset(small_regression()), "--json", "--seeds", seeds,
                       "--out", out, "--force"},
                      fill_disk);
      QCOMPARE(program.end(), 74);
      QVERIFY2(program.err.find(".new") != std::string::npos, program.err.c_str());
      const json shown = json::parse(program.out);
      QVERIFY(shown["samplers"][0]["metrics"]["nll"]["mean"].is_number());
    }
    QVERIFY(!fs::exists(out + "/result.json"));
  }

  /// Every checkpoint fails, the training goes on, and what it came to is told.
  void aFullDiskDoesNotEndATraining() {
    const std::string file = work_->file("phi.safetensors");
    Program program({"meta-train", work_->preset(small_meta()), "--json", "--out", file},
                    fill_disk);
    QCOMPARE(program.end(), 74);
    const json shown = json::parse(program.out);
    QVERIFY(shown["reason"] == "completed" && shown["iterations"] == 6);
    QVERIFY2(program.err.find("The checkpoint failed") != std::string::npos, program.err.c_str());
    QVERIFY(!fs::exists(file));
  }

  /// What cannot be written is found before the work.
  void missingFoldersEndATrainingAtOnce() {
    Program program(
        {"meta-train", work_->preset(endless_training()), "--out", "/proc/phi.safetensors"});
    QCOMPARE(program.end(), 73);
    QVERIFY2(program.err.find("/proc/phi.safetensors") != std::string::npos, program.err.c_str());
  }

 private:
  std::unique_ptr<Workspace> work_;
};

QTEST_GUILESS_MAIN(TestOutput)
#include "tst_output.moc"
