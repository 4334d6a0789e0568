// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <signal.h>

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
#include "core/io/atomic_file.h"
#include "tests/support/check.h"
#include "tests/support/child.h"
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

/// Starts processes below one folder; each leaves what came out of it in a file of its rank.
class JobFolder {
 protected:
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

  /// One process a peer, in which work(peer, control) gives the result.
  template <class Peer, class Work>
  std::vector<pid_t> start_each(const std::vector<Peer>& peers, const Work& work) const {
    std::vector<pid_t> pids;
    for (const Peer& peer : peers) {
      std::filesystem::remove(result_file(peer.rank));
      pids.push_back(spawn([&] { return leave_result(peer, work); }));
    }
    return pids;
  }

  /// The same, and waits. @return exit codes, or minus the signal.
  template <class Peer, class Work>
  std::vector<int> play_each(const std::vector<Peer>& peers, const Work& work) {
    ends_.clear();
    std::vector<int> ends;
    for (const pid_t pid : start_each(peers, work)) ends.push_back(wait_for_end(pid));
    ends_ = ends;
    return ends;
  }

  std::filesystem::path path_;
  std::vector<int> ends_;  ///< of the last job played

 private:
  template <class Peer, class Work>
  int leave_result(const Peer& peer, const Work& work) const {
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
