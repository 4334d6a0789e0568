// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "core/distributed/exchange.h"
#include "core/distributed/options.h"
#include "core/distributed/peer_message.h"
#include "core/distributed/process_identity.h"
#include "core/distributed/shared_folder.h"
#include "core/distributed/task_share.h"
#include "core/io/atomic_file.h"
#include "core/meta/meta.h"
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

/// Two threads that exchange bytes, as processes do.
class MeetingPoint {
 public:
  std::vector<std::string> meet(int side, const std::string& bytes) {
    std::unique_lock lock(mutex_);
    longest_ = std::max(longest_, bytes.size());
    now_[static_cast<std::size_t>(side)] = bytes;
    const int round = round_;
    if (++here_ == 2) {
      here_ = 0;
      ++round_;
      last_ = now_;
      wake_.notify_all();
    }
    wake_.wait(lock, [&] { return round_ > round; });
    return last_;
  }
  std::size_t longest() const { return longest_; }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> now_ = {"", ""}, last_;
  int here_ = 0, round_ = 0;
  std::size_t longest_ = 0;
};

class Side final : public Exchange {
 public:
  Side(MeetingPoint& point, int side) : point_(point), side_(side) {}
  std::vector<std::string> all_gather(const std::string& mine) override {
    return point_.meet(side_, mine);
  }

 private:
  MeetingPoint& point_;
  int side_;
};

}  // namespace

class TestDistributed : public QObject, private JobTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    renew_folder();
    write_text(path_ / "p.json", preset_document().dump());
  }

  void firstNameWins() {
    const SharedFolder folder(path_ / "f");
    QVERIFY(!folder.get("a") && !folder.has("a"));
    QVERIFY(folder.put_first("a", "one") == "one");
    QVERIFY(folder.put_first("a", "two") == "one");
    folder.put("a", std::string("\0x", 2));
    QVERIFY(folder.get("a") == std::string("\0x", 2));
    QVERIFY(SharedFolder(path_ / "f").has("a"));
    folder.remove_all();
    QVERIFY(!folder.exists() && !fs::exists(path_ / "f"));
    ERGO_OK(wrong_error([&] { folder.put("a", "x"); }, ExitCode::io, "'" + (path_ / "f").string()));
  }

  void strangeFoldersAreRefused() {
    const auto open = [this](const std::string& name) {
      return [this, name] { SharedFolder(path_ / name); };
    };
    ERGO_OK(wrong_error(open("."), ExitCode::cannot_create, "holds 'p.json'"));
    ERGO_OK(wrong_error(open("no/such"), ExitCode::cannot_create, "no/such", "cannot be created"));
    ERGO_OK(wrong_error(open("p.json"), ExitCode::cannot_create, "is no folder"));
    fs::create_directory(path_ / "w");
    QCOMPARE(::chmod((path_ / "w").c_str(), 0777), 0);
    ERGO_OK(wrong_error(open("w"), ExitCode::cannot_create, "other users"));
  }

  void aProcessIsKnownToBeGone() {
    const ProcessIdentity own = ProcessIdentity::own();
    QVERIFY(!is_gone(own));
    QVERIFY(ProcessIdentity::parse(own.text()).text() == own.text());
    ProcessIdentity reused = own;
    reused.start = "1";
    QVERIFY(is_gone(reused));
    ProcessIdentity elsewhere = reused;
    elsewhere.machine = "another";
    QVERIFY(!is_gone(elsewhere));
    QVERIFY(!is_gone(ProcessIdentity::parse("")));
  }

  void messagesKeepEveryBit() {
    PeerMessage a;
    a.operation = 7;
    a.values = {{0, ""}, {3, std::string("a\nb\0\xff", 5)}, {5, "{}"}};
    PeerMessage b;
    b.values = {{1, "x"}};
    b.fail(78, "why \xff");
    PeerMessage sum = decode(encode(a));
    QCOMPARE(sum.operation, std::int64_t(7));
    QVERIFY(sum.values == a.values);
    sum.merge(decode(encode(b)));
    QVERIFY(sum.state == PeerMessage::State::failed && sum.code == 78);
    QCOMPARE(sum.values.size(), std::size_t(4));
    const std::string whole = encode(a);
    const std::string cut = whole.substr(0, whole.size() - 1);
    for (const std::string& bytes : {std::string("{}"), std::string("{}\n"), whole + "x", cut}) {
      ERGO_OK(wrong_error([&] { decode(bytes); }, ExitCode::io, "no message"));
    }
  }

  void numbersKeepEveryBit() {
    RunControl control;
    const std::vector<double> numbers = {-0.0, std::numeric_limits<double>::infinity(), 0.1,
                                         std::numeric_limits<double>::quiet_NaN()};
    const auto share = make_local_share(control);
    const auto values = share->values(4, [&](const std::vector<std::size_t>&) { return numbers; });
    QVERIFY(values && std::memcmp(values->data(), numbers.data(), 4 * sizeof(double)) == 0);
    const auto whole = [&](const std::vector<std::size_t>&) {
      return std::vector<std::vector<double>>{numbers, {}, {1.5}};
    };
    const auto lists = share->lists(3, whole);
    QVERIFY(lists && lists->size() == 3 && (*lists)[1].empty() && (*lists)[2][0] == 1.5);
    QVERIFY(std::memcmp((*lists)[0].data(), numbers.data(), 4 * sizeof(double)) == 0);
    control.stop();
    QVERIFY(!share->lists(3, whole));
    QVERIFY(!share->values(4, [&](const std::vector<std::size_t>&) { return numbers; }));
  }

  /// Bytes of any length, in pieces, against an exchange that answers for the other members.
  void longMessagesGoInPieces_data() {
    QTest::addColumn<int>("mine");
    QTest::addColumn<int>("other");
    for (const int mine : {0, 1, 4, 5, 8, 9}) {
      for (const int other : {0, 3, 8, 13}) QTest::addRow("%d %d", mine, other) << mine << other;
    }
  }
  void longMessagesGoInPieces() {
    QFETCH(int, mine);
    QFETCH(int, other);
    const std::string a = std::string("abcdefghijklmnop").substr(0, static_cast<std::size_t>(mine));
    const std::string b =
        std::string("0+.3456789+.cdef").substr(0, static_cast<std::size_t>(other));
    MeetingPoint point;
    std::vector<std::string> heard;
    std::thread peer([&] {
      Side side(point, 1);
      heard = gather_in_pieces(side, b, 4);
    });
    Side side(point, 0);
    const std::vector<std::string> all = gather_in_pieces(side, a, 4);
    peer.join();
    QVERIFY(all == (std::vector<std::string>{a, b}) && heard == all);
    QVERIFY(point.longest() <= 5);
  }

  void numbersOfProcessesAgree_data() {
    QTest::addColumn<int>("processes");
    QTest::addColumn<QString>("exchange");
    for (const QString& exchange : exchanges()) {
      for (const int n : {1, 2, 4})
        QTest::addRow("%d %s", n, qPrintable(exchange)) << n << exchange;
    }
  }
  void numbersOfProcessesAgree() {
    QFETCH(int, processes);
    QFETCH(QString, exchange);
    const std::vector<int> ends = play(job(processes, exchange));
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
    std::vector<Peer> peers = job(2, exchanges().first());
    for (Peer& peer : peers) peer.preset = "images.json";
    const std::vector<int> ends = play(peers);
    QVERIFY2(ends == std::vector<int>(2, 0), texts(2).c_str());
    ERGO_OK(differs_from_one_process("out.safetensors", "images.json"));
  }

  void deathsAreSurvived_data() {
    QTest::addColumn<QString>("exchange");
    QTest::addColumn<int>("victim");
    QTest::addColumn<QString>("phase");
    QTest::addColumn<int>("time");
    const std::vector<std::pair<const char*, int>> moments = {
        {"unroll", 1}, {"unroll", 4}, {"gather", 1},     {"gather", 4},
        {"update", 2}, {"update", 4}, {"checkpoint", 1}, {"checkpoint", 3}};
    for (const QString& exchange : exchanges()) {
      for (const int victim : {0, 2}) {
        for (const auto& [phase, n] : moments) {
          QTest::addRow("%s rank %d %s %d", qPrintable(exchange), victim, phase, n)
              << exchange << victim << phase << n;
        }
      }
    }
  }
  void deathsAreSurvived() {
    QFETCH(QString, exchange);
    QFETCH(int, victim);
    QFETCH(QString, phase);
    QFETCH(int, time);
    std::vector<Peer> peers = job(4, exchange);
    peers[static_cast<std::size_t>(victim)].on_phase = at(phase.toStdString(), time, die);
    std::vector<int> expected(4, 0);
    expected[static_cast<std::size_t>(victim)] = -SIGKILL;
    QVERIFY2(play(peers) == expected, texts(4).c_str());
    const int first = victim == 0 ? 1 : 0;
    for (int rank = 0; rank < 4; ++rank) {
      if (rank == victim) continue;
      QVERIFY(result(rank)["phi"] == result(first)["phi"]);
      QCOMPARE(result(rank)["speaks"].get<bool>(), rank == first);
    }
    ERGO_OK(differs_from_one_process());
  }

  void allButOneMayDie() {
    for (const QString& exchange : exchanges()) {
      std::vector<Peer> peers = job(4, exchange);
      const std::string out = "out-" + exchange.toStdString();
      for (Peer& peer : peers) peer.job = "job-" + exchange.toStdString(), peer.out = out;
      peers[0].on_phase = at("checkpoint", 1, die);
      peers[1].on_phase = at("gather", 3, die);
      peers[3].on_phase = at("update", 3, die);
      const std::vector<int> expected = {-SIGKILL, -SIGKILL, 0, -SIGKILL};
      QVERIFY2(play(peers) == expected, texts(4).c_str());
      ERGO_OK(differs_from_one_process(out));
    }
  }

  void deathBeforeRendezvous() {
    std::vector<Peer> peers = job(4, exchanges().last());
    for (Peer& peer : peers) peer.timeout = 3.0;
    peers[1].on_phase = at("rendezvous", 1, die);
    const std::vector<int> expected = {status_temporary, -SIGKILL, status_temporary,
                                       status_temporary};
    QVERIFY2(play(peers) == expected, texts(4).c_str());
    for (const int rank : {0, 2, 3}) {
      ERGO_OK(lacks(error(rank), {"3 of 4 processes came", "missing: rank 1"}));
    }
    QVERIFY(!fs::exists(path_ / "out.safetensors"));
    // The folder tells a late one and a second job what happened.
    Peer late = peers[1];
    late.on_phase = nullptr;
    QCOMPARE(play({late}).front(), status_temporary);
    ERGO_OK(lacks(error(1), {"3 of 4 processes came"}));
    QCOMPARE(play({peers[0]}).front(), static_cast<int>(ExitCode::cannot_create));
    ERGO_OK(lacks(error(0), {"'" + (path_ / "job").string() + "'", "another job", "name a new"}));
    QVERIFY2(play(job(4, "folder", "job2")) == std::vector<int>(4, 0), texts(4).c_str());
    ERGO_OK(differs_from_one_process());
  }

  void sleepersAreLeftOut_data() {
    QTest::addColumn<QString>("exchange");
    QTest::addColumn<int>("sleeper");
    QTest::addColumn<QString>("phase");
    QTest::newRow("writer in the checkpoint") << "folder" << 0 << "checkpoint";
    QTest::newRow("in the gather") << exchanges().last() << 1 << "gather";
  }
  void sleepersAreLeftOut() {
    QFETCH(QString, exchange);
    QFETCH(int, sleeper);
    QFETCH(QString, phase);
    std::vector<Peer> peers = job(3, exchange);
    for (Peer& peer : peers) peer.timeout = 3.0, peer.preset = preset_with({{"pairs", 3}});
    peers[static_cast<std::size_t>(sleeper)].on_phase = at(phase.toStdString(), 2, sleep_on);
    const std::vector<pid_t> pids = start(peers);
    for (int rank = 0; rank < 3; ++rank) {
      if (rank == sleeper) continue;
      QVERIFY2(wait_for_end(pids[static_cast<std::size_t>(rank)]) == 0, texts(3).c_str());
    }
    ERGO_OK(differs_from_one_process("out.safetensors", peers[0].preset));
    const pid_t pid = pids[static_cast<std::size_t>(sleeper)];
    ::kill(pid, SIGCONT);
    const int end = wait_for_end(pid);
    QVERIFY2(end == status_temporary, fmt::format("{}: {}", end, texts(3)).c_str());
    ERGO_OK(lacks(error(sleeper), {fmt::format("Rank {}", sleeper), "go on without it"}));
    ERGO_OK(differs_from_one_process("out.safetensors", peers[0].preset));  // still
  }

  void aLostFolderKeepsTheTraining() {
    std::vector<Peer> peers = job(2, exchanges().first());
    const fs::path folder = path_ / "job";
    peers[1].on_phase = at("gather", 6, [folder](RunControl&) {
      SharedFolder(folder).remove_all();
      ::raise(SIGKILL);
    });
    const std::vector<int> expected = {status_temporary, -SIGKILL};
    QVERIFY2(play(peers) == expected, texts(2).c_str());
    ERGO_OK(lacks(error(0), {"out.safetensors.state.safetensors"}));
    std::vector<Peer> again = job(2, exchanges().last(), "job2");
    for (Peer& peer : again) peer.resume = (path_ / "out.safetensors.state.safetensors").string();
    QVERIFY2(play(again) == std::vector<int>(2, 0), texts(2).c_str());
    ERGO_OK(differs_from_one_process());
  }

  void aStopStopsAll() {
    for (const QString& exchange : exchanges()) {
      const std::string out = exchange.toStdString();
      std::vector<Peer> peers = job(3, exchange, "a" + out);
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
        peer.job = "b" + out;
        peer.resume = (path_ / (out + ".state.safetensors")).string();
      }
      QVERIFY2(play(peers) == std::vector<int>(3, 0), texts(3).c_str());
      ERGO_OK(differs_from_one_process(out, peers[0].preset));
    }
  }

  void differencesAreRefused() {
    std::vector<Peer> peers = job(3, exchanges().first());
    for (Peer& peer : peers) peer.preset = preset_with({{"pairs", 3}});
    peers[2].seed = 8;
    QVERIFY2(play(peers) == std::vector<int>(3, status_config), texts(3).c_str());
    for (int rank = 0; rank < 3; ++rank) {
      ERGO_OK(lacks(error(rank), {"Rank 2 has seed 8, but rank 0 has 5"}));
    }
    QVERIFY(!fs::exists(path_ / "job"));
    peers[2].seed = 0;
    write_text(path_ / "other.json", preset_document().dump());
    peers[1].preset = "other.json";
    write_text(path_ / "other.json", [] {
      json document = preset_document();
      document["pairs"] = 3, document["draws"] = 3;
      return document.dump();
    }());
    QVERIFY2(play(peers) == std::vector<int>(3, status_config), texts(3).c_str());
    for (int rank = 0; rank < 3; ++rank) {
      ERGO_OK(lacks(error(rank), {"Rank 1 has preset 'other' (", "rank 0 has '"}));
    }
    QVERIFY(!fs::exists(path_ / "out.safetensors"));
  }

  void failuresOfOneAreToldByAll() {
    fs::create_directory(path_ / "out.safetensors.log.csv");  // the writer cannot replace it
    const std::vector<int> expected(2, static_cast<int>(ExitCode::cannot_create));
    QVERIFY2(play(job(2, exchanges().last())) == expected, texts(2).c_str());
    for (const int rank : {0, 1}) ERGO_OK(lacks(error(rank), {"out.safetensors.log.csv"}));
    QVERIFY(!fs::exists(path_ / "job"));
  }

  void optionsAreChecked() {
    const auto with = [](DistributedOptions o) { return [o] { check_options(o); }; };
    DistributedOptions o{.processes = 2, .rank = 1, .rendezvous = "r", .exchange = "folder"};
    check_options(o);
    ERGO_OK(wrong_error(with({.processes = 2, .rank = 2}), ExitCode::usage, "--rank is 2"));
    ERGO_OK(wrong_error(with({.processes = 0}), ExitCode::usage, "--processes is 0"));
    ERGO_OK(wrong_error(with({.exchange = "smoke"}), ExitCode::usage, "'smoke'", "gloo or folder"));
    ERGO_OK(wrong_error(with({.exchange = "folder", .peer_timeout = 0}), ExitCode::usage,
                        "--peer-timeout"));
    Peer uneven{.rank = 0, .processes = 3};
    QCOMPARE(play({uneven}).front(), status_config);
    ERGO_OK(lacks(error(0), {"'pairs' is 4", "3 processes"}));
    if (!exchanges().contains("gloo")) return;
    ERGO_OK(wrong_error(with({.exchange = "gloo"}), ExitCode::usage, "--interface", "lo"));
    ERGO_OK(wrong_error(with({.exchange = "gloo", .interface = "no0"}), ExitCode::usage, "'no0'",
                        "lo"));
  }

  /// Not one socket outside of the named interface, and at least one on it.
  void onlyTheInterfaceIsUsed() {
    if (!exchanges().contains("gloo")) QSKIP("built without Gloo");
    std::vector<Peer> peers = job(2, "gloo");
    const fs::path file = path_ / "addresses";
    peers[0].on_phase = at("update", 1, [file](RunControl&) {
      write_text(file, fmt::format("{}", fmt::join(own_addresses(), " ")));
    });
    QVERIFY2(play(peers) == std::vector<int>(2, 0), texts(2).c_str());
    const std::string addresses = io::read_file(file, limit);
    const std::set<std::string> loopback = {"0100007F", "00000000000000000000000001000000"};
    QVERIFY2(loopback.contains(addresses), addresses.c_str());
  }

 private:
  std::string preset_with(const json& change) const {
    json document = preset_document();
    document.merge_patch(change);
    write_text(path_ / "changed.json", document.dump());
    return "changed.json";
  }

  static std::string lacks(const std::string& text, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
      if (text.find(part) == std::string::npos) return fmt::format("no '{}' in: {}", part, text);
    }
    return {};
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

  json work(const Peer& peer, RunControl& control) const override {
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
};

QTEST_GUILESS_MAIN(TestDistributed)
#include "tst_distributed.moc"
