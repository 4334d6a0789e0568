// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/program.h"
#include "core/base/task_share.h"

namespace ergo {

/// Where the processes of a job find rank 0: an address, or a file in which it tells one.
struct Rendezvous {
  std::string host{};
  std::uint16_t port = 0;
  std::filesystem::path file{};  ///< empty: host and port hold
};

/// One process's part in a job of several. Off unless it has a rendezvous.
struct DistributedOptions {
  int processes = 1;  ///< of the job
  int rank = 0;       ///< of this one, 0 to processes - 1
  Rendezvous rendezvous{};
  std::string interface {};     ///< whose address is listened on; empty: the one that reaches HOST
  double peer_timeout = 300.0;  ///< seconds without an answer until a process counts as lost
  bool by_store = false;        ///< without Gloo, as in builds that have none

  /// Takes sentences about whom this process waits for, on the thread that waits.
  std::function<void(const std::string& sentence)> say{};
  /// Called when a phase begins, where tests end or stop the process: "rendezvous", "work" and
  /// "unroll" (a part, a task of meta-training; on threads of their own), "beat" (five times a
  /// second while it works), "gather" (it hands in its part), "update", "checkpoint".
  std::function<void(std::string_view phase)> on_phase{};

  bool on() const { return rendezvous.port > 0 || !rendezvous.file.empty(); }
  void enter(std::string_view phase) const {
    if (on_phase) on_phase(phase);
  }
};

/// This process's part in a job of several. @param facts  what all must have in common
/// @throws Error{usage} for a host that is not known or does not lead to rank 0, {cannot_create}
/// for a file that cannot be written or is something else, {config} naming the difference when the
/// facts of two processes differ, {interrupted} when `control` was stopped meanwhile; PeerLost
/// naming whoever did not come within the peer time-out.
std::unique_ptr<TaskShare> make_peer_share(const DistributedOptions& options,
                                           const std::vector<Fact>& facts, RunControl& control);

}  // namespace ergo
