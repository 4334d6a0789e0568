// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <signal.h>

#include <QStringList>
#include <atomic>
#include <filesystem>
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

/// One process of a job.
struct Peer {
  int rank = 0, processes = 1;
  std::string exchange = "folder", job = "job", preset = "p.json", out = "out.safetensors";
  double timeout = never;
  std::uint64_t seed = 0;
  std::string resume{};
  OnPhase on_phase{};
};

/// All processes of a job.
inline std::vector<Peer> job(int processes, const QString& exchange,
                             const std::string& name = "job") {
  std::vector<Peer> peers;
  for (int rank = 0; rank < processes; ++rank) {
    peers.push_back(
        {.rank = rank, .processes = processes, .exchange = exchange.toStdString(), .job = name});
  }
  return peers;
}

/// The ways to exchange that this build has.
inline QStringList exchanges() {
  try {
    return exchange_kind({.exchange = "gloo"}) == "gloo" ? QStringList{"folder", "gloo"}
                                                         : QStringList{};
  } catch (const Error&) {
    return {"folder"};
  }
}

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
                               .rendezvous = path_ / peer.job,
                               .exchange = peer.exchange,
                               .interface = "lo",
                               .peer_timeout = peer.timeout};
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
