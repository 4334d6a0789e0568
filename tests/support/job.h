// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <QStringList>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/control.h"
#include "core/base/error.h"
#include "core/distributed/options.h"
#include "core/io/atomic_file.h"
#include "tests/support/check.h"
#include "tests/support/child.h"
#include "tests/support/folder_test.h"
#include "tests/support/presets.h"

/// What tests of jobs of several processes share.
namespace ergo::test {

inline constexpr std::size_t limit = 1 << 24;  ///< bytes of a file that a test reads
inline constexpr double never = 100.0;         ///< seconds that no test waits for
inline constexpr int status_temporary = static_cast<int>(ExitCode::temporary);
inline constexpr int status_config = static_cast<int>(ExitCode::config);

using OnPhase = std::function<void(std::string_view, RunControl&)>;

/// `action` at the n-th time that `phase` begins.
inline OnPhase at(std::string phase, int n, std::function<void(RunControl&)> action) {
  auto count = std::make_shared<std::atomic<int>>(0);
  return [=](std::string_view now, RunControl& control) {
    if (now == phase && ++*count == n) action(control);
  };
}

inline void die(RunControl&) { ::raise(SIGKILL); }
inline void sleep_on(RunControl&) { ::raise(SIGSTOP); }

/// One process of a job. `carrier`: "gloo", or "store" as in builds without Gloo.
struct Peer {
  int rank = 0, processes = 1;
  std::string carrier = "store", preset = "p.json", out = "out.safetensors";
  Rendezvous rendezvous{};  ///< none: the file "job"
  double timeout = never;
  std::uint64_t seed = 0;
  std::string resume{};
  OnPhase on_phase{};
};

/// All processes of a job.
inline std::vector<Peer> job(int processes, const QString& carrier) {
  std::vector<Peer> peers;
  for (int rank = 0; rank < processes; ++rank)
    peers.push_back({.rank = rank, .processes = processes, .carrier = carrier.toStdString()});
  return peers;
}

/// What carries the bytes: in a build without Gloo the second is the first.
inline QStringList carriers() { return {"gloo", "store"}; }

/// A TCP socket of loopback that listens and never answers.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd_, generic, size) == 0 && ::listen(fd_, 5) == 0 &&
        ::getsockname(fd_, generic, &size) == 0)
      port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(fd_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port_ = 0;
};

/// Nobody listens on it at the moment.
inline std::uint16_t free_port() { return SilentServer().port(); }

/// Base of tests that start the processes of a job in a folder; each leaves what came out of it in
/// a file of its rank.
class JobTest : protected FolderTest {
 protected:
  virtual ~JobTest() = default;

  /// What one process does. @return its result
  virtual nlohmann::json work(const Peer& peer, RunControl& control) const = 0;

  DistributedOptions distributed(const Peer& peer, RunControl& control) const {
    DistributedOptions options{.processes = peer.processes,
                               .rank = peer.rank,
                               .rendezvous = peer.rendezvous,
                               .interface = "lo",
                               .peer_timeout = peer.timeout,
                               .by_store = peer.carrier == "store"};
    if (!options.on()) options.rendezvous.file = path_ / "job";
    const std::filesystem::path said = path_ / fmt::format("said-{}", peer.rank);
    options.say = [said](const std::string& sentence) {
      std::ofstream(said, std::ios::app) << sentence << "\n";
    };
    if (peer.on_phase) {
      options.on_phase = [&](std::string_view phase) { peer.on_phase(phase, control); };
    }
    return options;
  }

  std::filesystem::path result_file(int rank) const {
    return path_ / fmt::format("result-{}", rank);
  }
  nlohmann::json result(int rank) const {
    return nlohmann::json::parse(io::read_file(result_file(rank), limit));
  }
  /// Empty when it holds all of these parts.
  static std::string lacks(const std::string& text, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
      if (text.find(part) == std::string::npos) return fmt::format("no '{}' in: {}", part, text);
    }
    return {};
  }
  std::string error(int rank) const { return result(rank).value("error", ""); }

  /// Everything that is known of the last job, for a failed comparison.
  std::string texts(int processes) const {
    std::string all = fmt::format("ends {}\n", fmt::join(ends_, " "));
    for (int rank = 0; rank < processes; ++rank) {
      const bool there = std::filesystem::exists(result_file(rank));
      all += there ? result(rank).dump().substr(0, 300) + "\n" : "nothing\n";
    }
    return all;
  }

  std::vector<pid_t> start(const std::vector<Peer>& peers) const {
    std::vector<pid_t> pids;
    for (const Peer& peer : peers) {
      std::filesystem::remove(result_file(peer.rank));
      pids.push_back(spawn([&] { return leave_result(peer); }));
    }
    return pids;
  }

  /// Starts and waits. @return exit codes, or minus the signal.
  std::vector<int> play(const std::vector<Peer>& peers) {
    ends_.clear();
    for (const pid_t pid : start(peers)) ends_.push_back(wait_for_end(pid));
    return ends_;
  }

  std::vector<int> ends_;  ///< of the last job played

 private:
  int leave_result(const Peer& peer) const {
    RunControl control;
    int status = 0;
    nlohmann::json shown;
    try {
      shown = work(peer, control);
    } catch (const Error& failure) {
      shown = {{"error", failure.what()}};
      status = static_cast<int>(failure.code());
    }
    write_text(result_file(peer.rank), shown.dump());
    return status;
  }
};

}  // namespace ergo::test
