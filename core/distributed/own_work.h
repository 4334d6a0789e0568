// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>
#include <future>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/distributed/peer_message.h"
#include "core/distributed/task_share.h"

namespace ergo {

/// What this process does of one operation. The task runs on a thread of its own, so that the
/// process can tell the others meanwhile that it lives; everything else is for one thread.
class OwnWork {
 public:
  OwnWork(const DistributedOptions& options, RunControl& control)
      : options_(options), control_(control) {}

  /// Takes indices on. `task` must live until they are done or clear() was called.
  void add(const std::vector<std::size_t>& indices, const TaskShare::Task& task);

  /// Waits until all is done, at most for `patience`. @return whether it is.
  bool wait(std::chrono::milliseconds patience);

  bool busy() const { return running_.valid(); }
  const std::set<std::size_t>& claims() const { return claims_; }           ///< all that was added
  const std::map<std::size_t, std::string>& done() const { return done_; }  ///< whole results
  PeerMessage message() const;  ///< all results, whole or cut short by a stop, or the failure
  void clear();                 ///< forgets everything; waits for a task that runs

 private:
  void start();
  void collect();

  const DistributedOptions& options_;
  RunControl& control_;
  const TaskShare::Task* task_ = nullptr;
  std::set<std::size_t> claims_;
  std::vector<std::size_t> queue_, batch_;  ///< not begun; in the task's hands
  std::future<std::vector<std::string>> running_;
  std::map<std::size_t, std::string> done_, cut_;
  PeerMessage failure_;
};

}  // namespace ergo
