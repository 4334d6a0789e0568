// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>

#include <QElapsedTimer>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "core/io/atomic_file.h"
#include "core/meta/meta.h"
#include "core/meta/shared_numbers.h"
#include "core/presets/store.h"
#include "tests/support/job.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

json preset_document() {
  json document = small_meta();
  document.merge_patch({{"iterations", 4}, {"pairs", 4}, {"validation_tasks", 3}});
  return document;
}

/// Local addresses (hexadecimal, as the kernel prints them) of this process's TCP sockets,
/// listening or connected.
std::set<std::string> own_addresses() {
  std::set<std::string> inodes, addresses;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string link = fs::read_symlink(entry.path(), error).string();
    if (link.starts_with("socket:[")) inodes.insert(link.substr(8, link.size() - 9));
  }
  for (const char* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    std::ifstream file(table);
    for (std::string line; std::getline(file, line);) {
      std::istringstream in(line);
      std::vector<std::string> f{std::istream_iterator<std::string>(in), {}};
      if (f.size() > 9 && inodes.contains(f[9])) {
        addresses.insert(f[1].substr(0, f[1].find(':')));
      }
    }
  }
  return addresses;
}

}  // namespace

class TestDistributed : public QObject, private JobTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    renew_folder();
    write_text(path_ / "p.json", preset_document().dump());
  }

  void numbersKeepEveryBit() {
    RunControl control;
    const std::vector<double> numbers = {-0.0, std::numeric_limits<double>::infinity(), 0.1,
                                         std::numeric_limits<double>::quiet_NaN()};
    const auto share = make_local_share(control);
    const auto four = [&](const std::vector<std::size_t>&) { return numbers; };
    const auto values = shared_numbers(*share, 4, four);
    QVERIFY(values && std::memcmp(values->data(), numbers.data(), 4 * sizeof(double)) == 0);
    const auto whole = [&](const std::vector<std::size_t>&) {
      return std::vector<std::vector<double>>{numbers, {}, {1.5}};
    };
    const auto lists = shared_lists(*share, 3, whole);
    QVERIFY(lists && lists->size() == 3 && (*lists)[1].empty() && (*lists)[2][0] == 1.5);
    QVERIFY(std::memcmp((*lists)[0].data(), numbers.data(), 4 * sizeof(double)) == 0);
    control.stop();
    QVERIFY(!shared_lists(*share, 3, whole));
    QVERIFY(!shared_numbers(*share, 4, four));
  }

  /// Every length up to several pieces of a store, every byte.
  void bytesArriveWhole() {
    for (const QString& carrier : carriers()) {
      raw_ = true;
      std::vector<Peer> peers = job(3, carrier);
      const std::vector<int> ends = play(peers);
      raw_ = false;
      QVERIFY2(ends == std::vector<int>(3, 0), texts(3).c_str());
    }
  }

  void numbersOfProcessesAgree_data() {
    QTest::addColumn<int>("processes");
    QTest::addColumn<QString>("carrier");
    QTest::addColumn<bool>("tcp");
    for (const QString& carrier : carriers()) {
      for (const int n : {1, 2, 4})
        QTest::addRow("%d %s", n, qPrintable(carrier)) << n << carrier << (n == 2);
    }
  }
  void numbersOfProcessesAgree() {
    QFETCH(int, processes);
    QFETCH(QString, carrier);
    QFETCH(bool, tcp);
    std::vector<Peer> peers = job(processes, carrier);
    if (tcp) meet_at(peers, {"localhost", free_port(), {}});
    const std::vector<int> ends = play(peers);
    QVERIFY2(ends == std::vector<int>(static_cast<std::size_t>(processes), 0),
             texts(processes).c_str());
    for (int rank = 0; rank < processes; ++rank) {
      QVERIFY(result(rank)["phi"] == result(0)["phi"]);
      QVERIFY(result(rank)["speaks"] == (rank == 0));
      QCOMPARE(result(rank)["events"].get<int>() > 0, rank == 0);
    }
    ERGO_OK(differs_from_one_process());
    QVERIFY(!fs::exists(path_ / "job"));
  }

  void imagesAgreeToo() {
    write_image_set(path_ / "seen", 1, 60, 8);
    write_image_set(path_ / "unseen", 2, 30, 4);
    write_text(path_ / "images.json", small_image_meta().dump());
    std::vector<Peer> peers = job(2, carriers().first());
    for (Peer& peer : peers) peer.preset = "images.json";
    const std::vector<int> ends = play(peers);
    QVERIFY2(ends == std::vector<int>(2, 0), texts(2).c_str());
    ERGO_OK(differs_from_one_process("out.safetensors", "images.json"));
  }

  /// All others end as processes that want to be started again, and once they are, nothing is lost.
  void deathsEndTheJob_data() {
    QTest::addColumn<QString>("carrier");
    QTest::addColumn<int>("victim");
    QTest::addColumn<QString>("phase");
    QTest::addColumn<int>("time");
    const std::vector<std::pair<const char*, int>> moments = {
        {"unroll", 1}, {"unroll", 4}, {"gather", 1},     {"gather", 6},
        {"update", 2}, {"update", 4}, {"checkpoint", 2}, {"checkpoint", 3}};
    for (const int victim : {0, 2}) {
      for (const auto& [phase, n] : moments)
        QTest::addRow("rank %d %s %d", victim, phase, n) << "gloo" << victim << phase << n;
      QTest::addRow("rank %d, store", victim) << "store" << victim << "update" << 3;
    }
  }
  void deathsEndTheJob() {
    QFETCH(QString, carrier);
    QFETCH(int, victim);
    QFETCH(QString, phase);
    QFETCH(int, time);
    std::vector<Peer> peers = resumable(4, carrier);
    if (carrier == "store") {
      for (Peer& peer : peers) peer.timeout = 3.0;  // only rank 0's end is seen at once
    }
    Peer& dies = peers[static_cast<std::size_t>(victim)];
    dies.on_phase = at(phase.toStdString(), time, die);
    std::vector<int> expected(4, status_temporary);
    expected[static_cast<std::size_t>(victim)] = -SIGKILL;
    QElapsedTimer clock;
    clock.start();
    QVERIFY2(play(peers) == expected, texts(4).c_str());
    QVERIFY2(clock.elapsed() < 20000, "the others noticed it late");
    dies.on_phase = nullptr;
    QVERIFY2(play(peers) == std::vector<int>(4, 0), texts(4).c_str());
    ERGO_OK(differs_from_one_process());
  }

  /// The same file or address again and again, at any moment.
  void allMayBeStartedAgain_data() {
    QTest::addColumn<bool>("tcp");
    QTest::newRow("file") << false;
    QTest::newRow("tcp") << true;
  }
  void allMayBeStartedAgain() {
    QFETCH(bool, tcp);
    std::vector<Peer> peers = resumable(3, carriers().first(), {{"pairs", 3}});
    if (tcp) meet_at(peers, {"127.0.0.1", free_port(), {}});
    const std::vector<std::pair<const char*, int>> moments = {
        {"rendezvous", 1}, {"gather", 1}, {"unroll", 3}, {"gather", 4}, {"update", 2}};
    for (const auto& [phase, n] : moments) {
      for (Peer& peer : peers) peer.on_phase = at(phase, n, die);
      play(peers);
      for (const int end : ends_)
        QVERIFY2(end == -SIGKILL || end == status_temporary, texts(3).c_str());
    }
    for (Peer& peer : peers) peer.on_phase = nullptr;
    QVERIFY2(play(peers) == std::vector<int>(3, 0), texts(3).c_str());
    ERGO_OK(differs_from_one_process("out.safetensors", peers[0].preset));
  }

  /// A rank that comes back finds its old group sealed, and waits for the next one.
  void oneMayBeStartedAgainEarly() {
    for (const bool tcp : {false, true}) {
      std::vector<Peer> peers = resumable(3, carriers().first(), {{"pairs", 3}});
      for (Peer& peer : peers) peer.out = tcp ? "t" : "f";
      for (Peer& peer : peers) peer.resume = (path_ / (peer.out + ".state.safetensors")).string();
      if (tcp) meet_at(peers, {"127.0.0.1", free_port(), {}});
      peers[0].on_phase = at("unroll", 2, [](RunControl&) { QTest::qSleep(2000); });
      peers[1].on_phase = at("unroll", 2, die);
      std::vector<pid_t> pids = start(peers);
      QCOMPARE(wait_for_end(pids[1]), -SIGKILL);
      for (Peer& peer : peers) peer.on_phase = nullptr;
      pids[1] = start({peers[1]}).front();
      for (const std::size_t rank : {0, 2}) {
        QVERIFY2(wait_for_end(pids[rank]) == status_temporary, texts(3).c_str());
        pids[rank] = start({peers[rank]}).front();
      }
      for (const pid_t pid : pids) QVERIFY2(wait_for_end(pid) == 0, texts(3).c_str());
      ERGO_OK(differs_from_one_process(peers[0].out, peers[0].preset));
    }
  }

  void deathBeforeRendezvous() {
    std::vector<Peer> peers = job(4, carriers().first());
    for (Peer& peer : peers) peer.timeout = 3.0;
    peers[1].on_phase = at("rendezvous", 1, die);
    const std::vector<int> expected = {status_temporary, -SIGKILL, status_temporary,
                                       status_temporary};
    QVERIFY2(play(peers) == expected, texts(4).c_str());
    ERGO_OK(lacks(error(0), {"Rank 0 waited 3 s", "in vain for rank 1."}));
    QVERIFY(!fs::exists(path_ / "out.safetensors"));
    peers[1].on_phase = nullptr;
    QVERIFY2(play(peers) == std::vector<int>(4, 0), texts(4).c_str());
    ERGO_OK(differs_from_one_process());
  }

  /// Silent, but not gone: named after 5 s, lost after the time-out, no use when it wakes up.
  void sleepersAreNamedAndLost_data() {
    QTest::addColumn<int>("sleeper");
    QTest::addColumn<QString>("phase");
    QTest::newRow("rank 1") << 1 << "gather";
    QTest::newRow("rank 0, whose the store is") << 0 << "update";
  }
  void sleepersAreNamedAndLost() {
    QFETCH(int, sleeper);
    QFETCH(QString, phase);
    std::vector<Peer> peers = resumable(3, "gloo", {{"pairs", 3}});
    for (Peer& peer : peers) peer.timeout = 12.0;
    peers[static_cast<std::size_t>(sleeper)].on_phase = at(phase.toStdString(), 4, sleep_on);
    const std::vector<pid_t> pids = start(peers);
    for (int rank = 0; rank < 3; ++rank) {
      if (rank == sleeper) continue;
      QVERIFY2(wait_for_end(pids[static_cast<std::size_t>(rank)]) == status_temporary,
               texts(3).c_str());
    }
    const std::string said = io::read_file(path_ / "said-2", limit);
    ERGO_OK(lacks(said, {"Rank 2 has waited", fmt::format("s for rank {}.", sleeper)}));
    const pid_t pid = pids[static_cast<std::size_t>(sleeper)];
    for (Peer& peer : peers) peer.on_phase = nullptr;
    if (sleeper > 0) QVERIFY2(play(peers) == std::vector<int>(3, 0), texts(3).c_str());
    ::kill(pid, SIGCONT);
    const int end = wait_for_end(pid);
    QVERIFY2(end == status_temporary, fmt::format("{}: {}", end, texts(3)).c_str());
    if (sleeper == 0) QVERIFY2(play(peers) == std::vector<int>(3, 0), texts(3).c_str());
    ERGO_OK(differs_from_one_process("out.safetensors", peers[0].preset));
  }

  void aStopStopsAll() {
    for (const QString& carrier : carriers()) {
      std::vector<Peer> peers = job(3, carrier);
      const std::string out = carrier.toStdString();
      for (Peer& peer : peers) peer.out = out, peer.preset = preset_with({{"pairs", 3}});
      peers[1].on_phase = at("update", 3, [](RunControl& control) { control.stop(); });
      QVERIFY2(play(peers) == std::vector<int>(3, 0), texts(3).c_str());
      for (int rank = 0; rank < 3; ++rank) {
        QVERIFY(result(rank)["reason"] == "stopped");
        QVERIFY(result(rank)["iterations"] == result(0)["iterations"]);
      }
      QVERIFY(result(0)["iterations"] < 4);
      for (Peer& peer : peers) {
        peer.on_phase = nullptr;
        peer.resume = (path_ / (out + ".state.safetensors")).string();
      }
      QVERIFY2(play(peers) == std::vector<int>(3, 0), texts(3).c_str());
      ERGO_OK(differs_from_one_process(out, peers[0].preset));
    }
  }

  void differencesAreRefused() {
    for (const QString& carrier : carriers()) {
      std::vector<Peer> peers = job(3, carrier);
      for (Peer& peer : peers) peer.preset = preset_with({{"pairs", 3}});
      peers[2].seed = 8;
      QVERIFY2(play(peers) == std::vector<int>(3, status_config), texts(3).c_str());
      for (int rank = 0; rank < 3; ++rank)
        ERGO_OK(lacks(error(rank), {"Rank 2 has seed 8, but rank 0 has seed 5"}));
      peers[2].seed = 0;
      write_text(path_ / "other.json", [] {
        json document = preset_document();
        document["pairs"] = 3, document["draws"] = 3;
        return document.dump();
      }());
      peers[1].preset = "other.json";
      QVERIFY2(play(peers) == std::vector<int>(3, status_config), texts(3).c_str());
      for (int rank = 0; rank < 3; ++rank)
        ERGO_OK(lacks(error(rank), {"Rank 1 has preset 'other' (", "rank 0 has preset '"}));
    }
    QVERIFY(!fs::exists(path_ / "out.safetensors"));
  }

  void failuresOfOneAreToldByAll() {
    fs::create_directories(path_ / "out.safetensors.log.csv/x");  // the writer cannot replace it
    const std::vector<int> expected(2, static_cast<int>(ExitCode::cannot_create));
    for (const QString& carrier : carriers()) {
      QVERIFY2(play(job(2, carrier)) == expected, texts(2).c_str());
      for (const int rank : {0, 1}) ERGO_OK(lacks(error(rank), {"out.safetensors.log.csv"}));
      fs::remove(path_ / "out.safetensors");
      fs::remove(path_ / "out.safetensors.state.safetensors");
    }
  }

  /// What is said when nobody of this job answers.
  void strangeRendezvousAreNamed() {
    const SilentServer other;
    const auto alone = [this](int rank, const Rendezvous& rendezvous) {
      Peer peer{.rank = rank, .processes = 2, .rendezvous = rendezvous, .timeout = 1.0};
      return play({peer}).front();
    };
    QCOMPARE(alone(0, {"localhost", other.port(), {}}), status_temporary);
    ERGO_OK(lacks(error(0), {fmt::format("port {}", other.port()), "something else on this host",
                             "name another port"}));
    QCOMPARE(alone(1, {"127.0.0.1", other.port(), {}}), status_temporary);
    ERGO_OK(lacks(error(1), {fmt::format("rank 0 at 127.0.0.1:{} (", other.port())}));
    QCOMPARE(alone(1, {"127.0.0.1", free_port(), {}}), status_temporary);
    ERGO_OK(lacks(error(1), {"rank 0 at 127.0.0.1:", "Connection refused"}));
    const int usage = static_cast<int>(ExitCode::usage);
    QCOMPARE(alone(1, {"no-such-host.invalid", 29500, {}}), usage);
    ERGO_OK(lacks(error(1), {"'no-such-host.invalid'", "--rendezvous"}));
    QCOMPARE(alone(1, {{}, 0, path_ / "nothing"}), status_temporary);
    ERGO_OK(lacks(error(1), {"rank 0, which writes '" + (path_ / "nothing").string()}));
    const int cannot_create = static_cast<int>(ExitCode::cannot_create);
    for (const int rank : {0, 1}) {
      QCOMPARE(alone(rank, {{}, 0, path_ / "p.json"}), cannot_create);
      ERGO_OK(lacks(error(rank), {"p.json", "holds something else", "name a new file"}));
    }
    QCOMPARE(alone(0, {{}, 0, path_ / "no/such"}), cannot_create);
    ERGO_OK(lacks(error(0), {"no/such"}));
  }

  void pairsAreShared() {
    QCOMPARE(play({{.rank = 0, .processes = 3}}).front(), status_config);
    ERGO_OK(lacks(error(0), {"'pairs' is 4", "3 processes"}));
  }

  /// Not one socket outside of the named interface, but for rank 0's store, which c10d opens on
  /// all.
  void onlyTheInterfaceIsUsed() {
    std::vector<Peer> peers = job(2, "gloo");
    const fs::path file = path_ / "addresses";
    peers[1].on_phase = at("update", 1, [file](RunControl&) {
      write_text(file, fmt::format("{}", fmt::join(own_addresses(), " ")));
    });
    QVERIFY2(play(peers) == std::vector<int>(2, 0), texts(2).c_str());
    const std::string addresses = io::read_file(file, limit);
    const std::set<std::string> loopback = {"0100007F", "00000000000000000000000001000000",
                                            "0000000000000000FFFF00000100007F"};
    for (const QString& address : QString::fromStdString(addresses).split(' '))
      QVERIFY2(loopback.contains(address.toStdString()), addresses.c_str());
  }

 private:
  std::string preset_with(const json& change) const {
    json document = preset_document();
    document.merge_patch(change);
    write_text(path_ / "changed.json", document.dump());
    return "changed.json";
  }

  static void meet_at(std::vector<Peer>& peers, const Rendezvous& rendezvous) {
    for (Peer& peer : peers) peer.rendezvous = rendezvous;
  }

  /// Processes that go on from where the files are, started as often as you like.
  std::vector<Peer> resumable(int processes, const QString& carrier, const json& change = {}) {
    std::vector<Peer> peers = job(processes, carrier);
    for (Peer& peer : peers) {
      if (!change.empty()) peer.preset = preset_with(change);
      peer.resume = (path_ / (peer.out + ".state.safetensors")).string();
    }
    return peers;
  }

  MetaOptions options_of(const Peer& peer, RunControl& control) const {
    MetaOptions options;
    options.out = path_ / peer.out;
    options.resume = peer.resume;
    options.seed = peer.seed;
    options.workers = 1;
    options.distributed = distributed(peer, control);
    return options;
  }

  /// Messages that differ in every byte, of lengths around those of a piece.
  json share_bytes(const Peer& peer, RunControl& control) const {
    const auto share = make_peer_share(distributed(peer, control), {}, control);
    const auto text = [](std::size_t i) {
      std::string bytes((std::size_t{1} << (3 * i)) + i, '\0');
      for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<char>(k * (i + 1));
      return i == 0 ? std::string() : bytes;
    };
    const auto results = share->results(9,
                                        [&](const std::vector<std::size_t>& part) {
                                          std::vector<std::string> list;
                                          for (const std::size_t i : part) list.push_back(text(i));
                                          return list;
                                        },
                                        {});
    for (std::size_t i = 0; i < 9; ++i)
      if (results.bytes[i] != text(i))
        throw Error(ExitCode::internal, fmt::format("{} differs", i));
    share->finish();
    return {};
  }

  json work(const Peer& peer, RunControl& control) const override {
    if (raw_) return share_bytes(peer, control);
    int events = 0;
    const MetaResult result = meta_train(
        load_preset((path_ / peer.preset).string()), options_of(peer, control),
        [&events](const RunEvent&) { ++events; }, control);
    if (result.unsaved) throw *result.unsaved;  // as the command line ends
    return {{"phi", result.phi_sha256},
            {"reason", result.reason},
            {"speaks", result.speaks},
            {"iterations", result.iterations},
            {"events", events}};
  }
  /// Empty when all files are those of an undisturbed process without a job, byte for byte.
  std::string differs_from_one_process(const std::string& out = "out.safetensors",
                                       const std::string& preset = "p.json") {
    const std::string reference = "alone-" + preset + ".safetensors";
    if (!fs::exists(path_ / reference)) {
      const pid_t pid = spawn([&] {
        RunControl control;
        MetaOptions options;
        options.out = path_ / reference;
        options.workers = 1;
        meta_train(load_preset((path_ / preset).string()), options, {}, control);
        return 0;
      });
      if (wait_for_end(pid) != 0) return "the reference failed";
    }
    for (const char* suffix : {"", ".state.safetensors", ".log.csv", ".scores.csv"}) {
      const std::string one = io::read_file(path_ / (reference + suffix), limit);
      if (io::read_file(path_ / (out + suffix), limit) != one) return out + suffix + " differs";
    }
    return {};
  }

  bool raw_ = false;  ///< the processes share bytes and train nothing
};

QTEST_GUILESS_MAIN(TestDistributed)
#include "tst_distributed.moc"
