// SPDX-License-Identifier: GPL-3.0-or-later
// Runs shared by real processes; what they do together with meta-training: tst_distributed.
#include <filesystem>

#include "core/distributed/options.h"
#include "core/presets/store.h"
#include "core/run/run.h"
#include "core/run/run_share.h"
#include "tests/support/job.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// The chains of this process take a few transitions and no more; `action` at the first beat.
OnPhase in_the_middle(std::function<void(RunControl&)> action) {
  const OnPhase first_beat = at("beat", 1, std::move(action));
  return [first_beat](std::string_view now, RunControl& control) {
    if (now == "work") {
      control.pause();
      control.step(7);
    }
    first_beat(now, control);
  };
}

/// What must not depend on who computed it.
json comparable(const RunResult& result) {
  json object = to_json(result);
  object.erase("wall_seconds");
  for (json& sampler : object["samplers"]) {
    sampler.erase("seconds");
    sampler["metrics"].erase("ess_per_second");
  }
  return object;
}

}  // namespace

class TestDistributedRun : public QObject, private JobTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    renew_folder();
    write_phi(path_ / "phi.safetensors");
    write_text(path_ / "p.json", all_samplers().dump());
  }

  void numbersOfProcessesAgree_data() {
    QTest::addColumn<int>("processes");
    QTest::addColumn<QString>("carrier");
    for (const QString& carrier : carriers()) {
      for (const int n : {1, 2, 4}) QTest::addRow("%d %s", n, qPrintable(carrier)) << n << carrier;
    }
  }
  void numbersOfProcessesAgree() {
    QFETCH(int, processes);
    QFETCH(QString, carrier);
    QVERIFY2(
        play(job(processes, carrier)) == std::vector<int>(static_cast<std::size_t>(processes), 0),
        texts(processes).c_str());
    for (int rank = 0; rank < processes; ++rank) ERGO_OK(differs_from_one_process(rank));
    QVERIFY(json::parse(io::read_file(path_ / "written", limit)) == alone());
  }

  void deathsEndTheJob_data() {
    QTest::addColumn<int>("victim");
    QTest::addColumn<QString>("phase");
    QTest::addColumn<int>("time");
    const std::vector<std::pair<const char*, int>> moments = {
        {"gather", 1}, {"work", 1}, {"middle", 1}, {"gather", 2}, {"checkpoint", 1}, {"gather", 3}};
    for (const int victim : {0, 2}) {
      for (const auto& [phase, n] : moments)
        QTest::addRow("rank %d %s %d", victim, phase, n) << victim << phase << n;
    }
  }
  void deathsEndTheJob() {
    QFETCH(int, victim);
    QFETCH(QString, phase);
    QFETCH(int, time);
    std::vector<Peer> peers = job(4, carriers().first());
    Peer& dies = peers[static_cast<std::size_t>(victim)];
    dies.on_phase = phase == "middle" ? in_the_middle(die) : at(phase.toStdString(), time, die);
    std::vector<int> expected(4, status_temporary);
    expected[static_cast<std::size_t>(victim)] = -SIGKILL;
    QVERIFY2(play(peers) == expected, texts(4).c_str());
    dies.on_phase = nullptr;
    QVERIFY2(play(peers) == std::vector<int>(4, 0), texts(4).c_str());
    for (int rank = 0; rank < 4; ++rank) {
      ERGO_OK(differs_from_one_process(rank));
      QCOMPARE(result(rank)["speaks"].get<bool>(), rank == 0);
    }
  }

  /// A process that works for longer than the time-out, but lives.
  void theSlowAreNamedAndNotLost() {
    std::vector<Peer> peers = job(2, carriers().first());
    for (Peer& peer : peers) peer.timeout = 4.0;
    auto beats = std::make_shared<std::atomic<int>>(0);
    // The waits between beats are 25 ms, 50 ms and so on to 200 ms: the 37th comes after 6.9 s.
    peers[1].on_phase = [beats](std::string_view phase, RunControl&) {
      if (phase == "beat") {
        ++*beats;
        beats->notify_all();
      }
      if (phase != "work") return;
      for (int n = *beats; n < 37; n = *beats) beats->wait(n);
    };
    QVERIFY2(play(peers) == std::vector<int>(2, 0), texts(2).c_str());
    for (const int rank : {0, 1}) ERGO_OK(differs_from_one_process(rank));
    const std::string said = io::read_file(path_ / "said-0", limit);
    ERGO_OK(lacks(said, {"Rank 0 has waited", "s for rank 1, still at work."}));
  }

  /// Also when the chains of the others would never end by themselves.
  void sleepersAreLost() {
    std::vector<Peer> peers = job(3, carriers().first());
    for (Peer& peer : peers) peer.timeout = 3.0, peer.on_phase = in_the_middle([](RunControl&) {});
    peers[1].on_phase = in_the_middle(sleep_on);
    const std::vector<pid_t> pids = start(peers);
    for (const int rank : {0, 2}) {
      QVERIFY2(wait_for_end(pids[static_cast<std::size_t>(rank)]) == status_temporary,
               texts(3).c_str());
    }
    ERGO_OK(lacks(error(0), {"lost a process", "3 s (--peer-timeout)"}));
    ::kill(pids[1], SIGCONT);
    QVERIFY2(wait_for_end(pids[1]) == status_temporary, texts(3).c_str());
  }

  void aStopStopsAll() {
    for (const QString& carrier : carriers()) {
      std::vector<Peer> peers = job(3, carrier);
      for (Peer& peer : peers) peer.on_phase = in_the_middle([](RunControl&) {});
      peers[1].on_phase = in_the_middle([](RunControl& control) { control.stop(); });
      QVERIFY2(play(peers) == std::vector<int>(3, 0), texts(3).c_str());
      for (int rank = 0; rank < 3; ++rank) {
        QVERIFY2(result(rank)["result"]["reason"] == "stopped", texts(3).c_str());
        QVERIFY(result(rank)["result"] == result(0)["result"]);
        QVERIFY(result(rank)["stopped"] == true);
      }
    }
  }

  void differencesAreRefused() {
    std::vector<Peer> peers = job(2, carriers().first());
    json document = all_samplers();
    document["draws"] = 3;
    write_text(path_ / "other.json", document.dump());
    peers[1].preset = "other.json";
    QVERIFY2(play(peers) == std::vector<int>(2, status_config), texts(2).c_str());
    for (const int rank : {0, 1}) {
      QVERIFY2(error(rank).find("Rank 1 has preset 'other' (") != std::string::npos,
               texts(2).c_str());
    }
    fs::create_directory(path_ / "b");
    write_text(path_ / "b/p.json", all_samplers().dump());
    write_phi(path_ / "b/phi.safetensors", {.seed = 2});
    peers[1].preset = "b/p.json";
    QVERIFY2(play(peers) == std::vector<int>(2, status_config), texts(2).c_str());
    for (const int rank : {0, 1}) {
      QVERIFY2(error(rank).find("has files l2e.meta_parameters (") != std::string::npos,
               texts(2).c_str());
    }
  }

  /// Here only one of them can know: the other hears of it instead of waiting.
  void failuresOfOneAreToldByAll() {
    std::vector<Peer> peers = job(2, carriers().first());
    const fs::path phi = path_ / "phi.safetensors";
    fs::create_directory(path_ / "b");
    fs::copy_file(path_ / "p.json", path_ / "b/p.json");
    fs::copy_file(phi, path_ / "b/phi.safetensors");
    peers[1].preset = "b/p.json";
    const fs::path own = path_ / "b/phi.safetensors";
    peers[1].on_phase =
        at("rendezvous", 1, [own](RunControl&) { fs::remove(own); });  // its hash is taken
    const std::vector<int> expected(2, static_cast<int>(ExitCode::no_input));
    QVERIFY2(play(peers) == expected, texts(2).c_str());
    for (const int rank : {0, 1}) {
      QVERIFY2(error(rank).find("phi.safetensors") != std::string::npos, texts(2).c_str());
    }
  }

 private:
  json work(const Peer& peer, RunControl& control) const override {
    const DistributedOptions options = distributed(peer, control);
    const Preset preset = load_preset((path_ / peer.preset).string());
    const auto share = make_run_share(preset, {1}, options, control);
    int events = 0;
    RunOptions run_options;
    run_options.workers = 1;
    run_options.share = share.get();
    try {
      const auto sink = [&events](const RunEvent&) { ++events; };
      const json shown = comparable(run(preset, run_options, sink, control));
      share->commit([&] { write_text(path_ / "written", shown.dump()); });
      const bool stopped = share->stopped(), speaks = share->lowest();
      share->finish();
      return {{"result", shown}, {"stopped", stopped}, {"speaks", speaks}, {"events", events}};
    } catch (const Error& failure) {
      share->finish();
      throw;
    }
  }

  /// Of a process without a job.
  json alone() {
    const fs::path file = path_ / "alone";
    if (!fs::exists(file)) {
      const pid_t pid = spawn([&] {
        RunControl control;
        RunOptions options;
        options.workers = 1;
        const Preset preset = load_preset((path_ / "p.json").string());
        write_text(file, comparable(run(preset, options, {}, control)).dump());
        return 0;
      });
      if (wait_for_end(pid) != 0) return nullptr;
    }
    return json::parse(io::read_file(file, limit));
  }

  std::string differs_from_one_process(int rank) {
    const json expected = alone();
    if (!expected.is_object() || expected["reason"] != "completed") return "the reference failed";
    const json here = result(rank)["result"];
    if (here == expected) return {};
    return fmt::format("rank {}: {}", rank, json::diff(expected, here).dump());
  }
};

QTEST_GUILESS_MAIN(TestDistributedRun)
#include "tst_distributed_run.moc"
