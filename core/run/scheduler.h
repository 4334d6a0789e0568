// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <condition_variable>
#include <functional>
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
  void run(int workers);  ///< returns when every group has finished or the run was stopped
  /// Calls `look` between two slices of group i, which waits for it. Any thread.
  void between_slices(std::size_t i, const std::function<void()>& look);

 private:
  void work();
  std::size_t pick();  ///< a group that may move, or none; under the lock
  bool done() const;

  std::vector<ChainGroup*> groups_;
  int samplers_;
  RunControl& control_;
  std::vector<bool> busy_, awaited_;  ///< in somebody's hands; somebody waits for it
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace ergo
