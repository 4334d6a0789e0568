// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/io/atomic_file.h"
#include "core/io/checkpoint_folder.h"
#include "core/io/result_folder.h"
#include "tests/cli/program_fixture.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t limit = 1 << 24;

/// Some seconds on any machine, with checkpoints as often as can be.
json some_seconds() {
  json document = small_regression();
  document["gradient_evaluations"] = 200'000;
  document["draws"] = 100;
  document["checkpoint_seconds"] = 0.1;
  document["curve_points"] = 5;
  document["samplers"] = all_samplers()["samplers"];
  return document;
}

json endless() {
  json document = small_regression();
  document["gradient_evaluations"] = 1'000'000'000;
  return document;
}

json result_of(const fs::path& out) {
  return json::parse(io::read_file(out / "result.json", limit));
}

/// Without what an interruption may change.
json comparable(json run) {
  run.erase("wall_seconds");
  run.erase("files");
  for (json& sampler : run["samplers"]) {
    sampler.erase("seconds");
    if (sampler.contains("metrics")) sampler["metrics"].erase("ess_per_second");
    if (!sampler.contains("curve")) continue;
    for (json& point : sampler["curve"]) point.erase("cpu_seconds");
  }
  if (run.contains("runs")) {
    for (json& one : run["runs"]) one = comparable(one);
  }
  return run;
}

/// Name of the last checkpoint; empty: none.
std::string newest_in(const fs::path& folder) {
  std::string newest;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name[0] != '.') newest = std::max(newest, name);
  }
  return newest;
}

std::string differs(const Program& a, const Program& b) {
  const json x = comparable(json::parse(a.out)), y = comparable(json::parse(b.out));
  return x == y ? std::string() : json::diff(y, x).dump();
}

}  // namespace

/// Interrupted runs, with real processes.
class TestResumeProgram : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    work_ = std::make_unique<Workspace>();
    write_phi(work_->path() / "phi.safetensors");
  }

  /// Killed again and again, each time a little later after a checkpoint, with one worker or two.
  void killsCostNothing() {
    const std::string preset = work_->preset(some_seconds());
    Program whole({"run", preset, "--json", "--out", work_->file("whole")});
    QVERIFY2(whole.end() == 0, whole.err.c_str());
    const fs::path out = work_->path() / "out";
    constexpr int most = 8;
    for (int kills = 0; kills <= most; ++kills) {
      const std::string before = newest_in(out / "checkpoint");
      Program program({"run", preset, "--json", "--resume", out.string(), "--workers",
                       kills % 2 == 0 ? "1" : "2"});
      QTRY_VERIFY_WITH_TIMEOUT(
          newest_in(out / "checkpoint") > before || program.state() == QProcess::NotRunning,
          patience);
      if (kills < most && !program.waitForFinished(1 + 40 * kills)) {
        program.send(SIGKILL);
        program.end();
        continue;
      }
      QVERIFY2(program.end() == 0, program.err.c_str());
      ERGO_OK(differs(program, whole));
      QVERIFY(kills >= 3);
      break;
    }
    QVERIFY(io::incomplete(out).empty() && !fs::exists(out / "checkpoint"));
    QVERIFY(comparable(result_of(out)) == comparable(result_of(work_->path() / "whole")));
    QVERIFY(json::parse(io::read_file(out / "manifest.json", limit))["resumed"] >= 1);
  }

  /// Processes of a job that dies again and again, and is started again with others in number.
  void killsOfAJobCostNothing() {
    const std::string preset = work_->preset(some_seconds());
    Program whole({"run", preset, "--json", "--out", work_->file("whole")});
    QVERIFY2(whole.end() == 0, whole.err.c_str());
    const fs::path out = work_->path() / "out";
    constexpr std::size_t most = 4;
    for (std::size_t kills = 0; kills <= most; ++kills) {
      const std::string before = newest_in(out / "checkpoint");
      const auto ranks = start_job(preset, out, kills % 3 == 2 ? 2 : 3);
      Program& victim = *ranks[kills % ranks.size()];
      QTRY_VERIFY_WITH_TIMEOUT(
          newest_in(out / "checkpoint") > before || ranks[0]->state() == QProcess::NotRunning,
          patience);
      if (kills < most && !victim.waitForFinished(1 + 80 * static_cast<int>(kills))) {
        victim.send(SIGKILL);
        for (const auto& rank : ranks) {
          const int end = rank->end();
          // One that is killed after its last word has done its work, and so have the others.
          const bool done = fs::exists(out / "result.json") && end == 0;
          QVERIFY2(done || end == (rank.get() == &victim ? -SIGKILL : 75), rank->err.c_str());
        }
        continue;
      }
      for (const auto& rank : ranks) {
        const int end = rank->end();
        QVERIFY2(end == 0, rank->err.c_str());
        QVERIFY(rank == ranks[0] || rank->out.empty());
      }
      ERGO_OK(differs(*ranks[0], whole));
      QVERIFY(kills >= 2);
      break;
    }
    QVERIFY(io::incomplete(out).empty() && !fs::exists(out / "checkpoint"));
    QVERIFY(comparable(result_of(out)) == comparable(result_of(work_->path() / "whole")));
    QVERIFY(json::parse(io::read_file(out / "manifest.json", limit))["resumed"] >= 1);
    // It is done: all say so at once, and rank 0 prints it again.
    const auto again = start_job(preset, out, 2);
    for (const auto& rank : again) {
      const int end = rank->end();
      QVERIFY2(end == 0, rank->err.c_str());
    }
    ERGO_OK(differs(*again[0], whole));
  }

  /// A job of several seeds goes on with the one that was interrupted, also as one process.
  void jobsAndProcessesGoOnWithEachOther() {
    const std::string preset = work_->preset(some_seconds()), out = work_->file("out");
    const std::vector<std::string> seeds = {"--seeds", "3-4"};
    Program whole({"run", preset, "--seeds", "3-4", "--json"});
    QVERIFY2(whole.end() == 0, whole.err.c_str());
    {
      const auto ranks = start_job(preset, out, 3, seeds);
      QTRY_VERIFY_WITH_TIMEOUT(io::CheckpointFolder::used(out + "/s4/checkpoint"), patience);
      ranks[1]->send(SIGTERM);
      for (const auto& rank : ranks) {
        const int end = rank->end();
        QVERIFY2(end == 130, rank->err.c_str());
      }
    }
    Program alone({"run", "--resume", out, "--json"});
    QVERIFY2(alone.end() == 0, alone.err.c_str());
    QVERIFY(alone.err.find("Goes on after") != std::string::npos);
    ERGO_OK(differs(alone, whole));
  }

  void signalsLeaveACheckpoint_data() {
    QTest::addColumn<int>("number");
    QTest::addColumn<int>("status");
    QTest::newRow("HUP") << SIGHUP << 130;
    QTest::newRow("INT") << SIGINT << 130;
    QTest::newRow("TERM") << SIGTERM << 130;
    QTest::newRow("USR1") << SIGUSR1 << 75;
  }
  void signalsLeaveACheckpoint() {
    QFETCH(int, number);
    QFETCH(int, status);
    json document = some_seconds();
    document["checkpoint_seconds"] = 600;
    const std::string preset = work_->preset(document);
    Program whole({"run", preset, "--json"});
    QVERIFY(whole.end() == 0);
    const fs::path out = work_->path() / "out";
    Program first({"run", preset, "--out", out.string()});
    QTRY_VERIFY_WITH_TIMEOUT(io::CheckpointFolder::used(out / "checkpoint"), patience);
    QTest::qWait(300);
    first.send(number);
    QVERIFY2(first.end() == status, first.err.c_str());
    QVERIFY(first.err.find("run --resume " + out.string()) != std::string::npos);
    QVERIFY(result_of(out)["reason"] == "stopped");
    Program second({"run", "--json", "--resume", out.string()});
    QVERIFY2(second.end() == 0, second.err.c_str());
    QVERIFY(second.err.find("Goes on after") != std::string::npos);
    ERGO_OK(differs(second, whole));
    QVERIFY(!fs::exists(out / "checkpoint"));
  }

  /// Seeds that are done are not done again.
  void seedsGoOn() {
    json document = some_seconds();
    document["gradient_evaluations"] = 60'000;
    const std::string preset = work_->preset(document);
    Program whole({"run", preset, "--json", "--seeds", "1-3", "--out", work_->file("whole")});
    QVERIFY2(whole.end() == 0, whole.err.c_str());
    const fs::path out = work_->path() / "out";
    Program first({"run", preset, "--seeds", "1-3", "--out", out.string()});
    QTRY_VERIFY_WITH_TIMEOUT(io::CheckpointFolder::used(out / "s2/checkpoint"), patience);
    first.send(SIGKILL);
    first.end();
    const std::string done = io::read_file(out / "s1/result.json", limit);
    Program second({"run", "--json", "--resume", out.string()});
    QVERIFY2(second.end() == 0, second.err.c_str());
    QCOMPARE(io::read_file(out / "s1/result.json", limit), done);
    ERGO_OK(differs(second, whole));
    QVERIFY(io::incomplete(out).empty() && !fs::exists(out / "checkpoint"));
    for (const char* seed : {"s1", "s2", "s3"}) QVERIFY(!fs::exists(out / seed / "checkpoint"));
  }

  /// What is finished is printed again, for a loop that was killed after the last seed.
  void finishedRunsArePrinted() {
    const std::string preset = work_->preset(small_regression()), out = work_->file("out");
    for (const std::vector<std::string>& seeds :
         {std::vector<std::string>{}, std::vector<std::string>{"--seeds", "1-2"}}) {
      for (const bool as_json : {false, true}) {
        std::vector<std::string> words = {"run", preset, "--out", out, "--force"};
        words.insert(words.end(), seeds.begin(), seeds.end());
        std::vector<std::string> again = {"run", "--resume", out};
        if (as_json) {
          words.push_back("--json");
          again.push_back("--json");
        }
        const Outcome first = command(words), second = command(again);
        QVERIFY2(first.status == 0 && second.status == 0, second.err.c_str());
        QCOMPARE(second.out, first.out);
      }
      fs::remove_all(out);
    }
  }

  void wrongUses() {
    const std::string preset = work_->preset(small_regression()), out = work_->file("out");
    ERGO_OK(command({"run", "--resume", out}).differs_from(ExitCode::no_input, out, "not exist"));
    fs::create_directory(out);
    ERGO_OK(
        command({"run", "--resume", out}).differs_from(ExitCode::no_input, out, "no checkpoint"));
    ERGO_OK(command({"run"}).differs_from(ExitCode::usage, "preset"));
    ERGO_OK(command({"run", preset, "--resume", out, "--out", out}).differs_from(ExitCode::usage));
    ERGO_OK(command({"run", "--resume", out, "--set", "draws=2"})
                .differs_from(ExitCode::usage, "--set"));
    ERGO_OK(command({"run", "--resume", out, "--processes", "2", "--rank", "0", "--rendezvous",
                     "file://" + work_->file("job")})
                .differs_from(ExitCode::usage, "--resume needs the preset"));
    QVERIFY(command({"run", preset, "--resume", out}).status == 0);  // begins there
    ERGO_OK(command({"run", preset, "--resume", out, "--seed", "2"})
                .differs_from(ExitCode::config, "The seed is 2, but 1"));
    write_text(fs::path(out) / "table.txt", "changed");
    ERGO_OK(command({"run", "--resume", out}).differs_from(ExitCode::data, "incomplete"));
  }

  /// An interrupted run is neither overwritten unasked nor gone on with twice at a time.
  void interruptedRunsAreKept() {
    const std::string preset = work_->preset(endless()), out = work_->file("out");
    Program first({"run", preset, "--out", out});
    QTRY_VERIFY_WITH_TIMEOUT(io::CheckpointFolder::used(out + "/checkpoint"), patience);
    first.send(SIGKILL);
    first.end();
    ERGO_OK(command({"run", preset, "--out", out})
                .differs_from(ExitCode::cannot_create, "interrupted run", "--resume"));
    ERGO_OK(command({"run", preset, "--set", "draws=8", "--resume", out})
                .differs_from(ExitCode::config, "'draws' is 8, but 4"));
    Program second({"run", "--resume", out});
    QTest::qWait(200);
    QTRY_VERIFY_WITH_TIMEOUT(
        fs::exists(out + "/lock") &&
            io::read_file(out + "/lock", limit).find(std::to_string(second.processId()) + " ") !=
                std::string::npos,
        patience);
    ERGO_OK(command({"run", "--resume", out})
                .differs_from(ExitCode::cannot_create, "is writing here", "process"));
    second.send(SIGTERM);
    QCOMPARE(second.end(), 130);
    const std::string quick = work_->text("quick.json", small_regression().dump());
    QVERIFY(command({"run", quick, "--out", out, "--force"}).status == 0);
    QVERIFY(!fs::exists(out + "/checkpoint"));
  }

  void runsWithoutAFolderSaySo() {
    json document = some_seconds();
    Program program({"run", work_->preset(document)});
    QVERIFY(program.end() == 0);
    const std::string said = "No checkpoints are made";
    const std::size_t at = program.err.find(said);
    QVERIFY2(at != std::string::npos, program.err.c_str());
    QVERIFY(program.err.find(said, at + 1) == std::string::npos);
  }

 private:
  using Job = std::vector<std::unique_ptr<Program>>;

  /// The processes of a job that goes on with the run in `out`, or begins it.
  Job start_job(const std::string& preset, const fs::path& out, int processes,
                const std::vector<std::string>& more = {}) const {
    Job job;
    for (int rank = 0; rank < processes; ++rank) {
      std::vector<std::string> arguments = {"run",
                                            preset,
                                            "--json",
                                            "--workers",
                                            "1",
                                            "--resume",
                                            out.string(),
                                            "--rendezvous",
                                            "file://" + work_->file("job"),
                                            "--processes",
                                            std::to_string(processes),
                                            "--rank",
                                            std::to_string(rank)};
      arguments.insert(arguments.end(), more.begin(), more.end());
      job.push_back(std::make_unique<Program>(arguments));
    }
    return job;
  }

  std::unique_ptr<Workspace> work_;
};

QTEST_GUILESS_MAIN(TestResumeProgram)
#include "tst_resume_program.moc"
