// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <mutex>
#include <vector>

#include "core/run/chain_group.h"

namespace ergo {

/// Moves groups of chains on a pool of std::jthread in short slices, always the sampler that is
/// furthest behind, so that the samplers stay side by side. Draws do not depend on it.
class Scheduler {
 public:
  /// @param groups  outlive it; there may be none.
  Scheduler(std::vector<ChainGroup*> groups, int samplers, RunControl& control);
  /// Returns when every group has finished, the run was stopped, or `seconds` are over: then the
  /// groups stand between two slices, and another one may go on with them.
  void run(int workers, double seconds = std::numeric_limits<double>::infinity());
  /// Calls `look` between two slices of group i, which waits for it. Any thread.
  void between_slices(std::size_t i, const std::function<void()>& look);

 private:
  void work();
  std::size_t pick();  ///< a group that may move, or none; under the lock
  bool done() const;

  std::vector<ChainGroup*> groups_;
  int samplers_;
  RunControl& control_;
  std::chrono::steady_clock::time_point begin_{};
  double seconds_ = 0.0;
  std::vector<bool> busy_, awaited_;  ///< in somebody's hands; somebody waits for it
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace ergo
