// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "core/run/chain_group.h"

namespace ergo {

/// Number of workers for a request of `asked`: 0 means one per core, one fewer (at least 1) with a
/// window watching. @throws Error{config} when more are asked for than there are cores.
int worker_count(int asked, bool live);

/// Moves groups of chains on a pool of std::jthread in short slices, always the sampler that is
/// furthest behind, so that the samplers stay side by side. Draws do not depend on it.
class Scheduler {
 public:
  /// @param groups  outlive it; there may be none.
  Scheduler(std::vector<ChainGroup*> groups, int samplers, RunControl& control);
  void run(int workers);  ///< returns when every group has finished or the run was stopped

 private:
  void work();
  std::size_t pick();  ///< a group that may move, or none; under the lock
  bool done() const;

  std::vector<ChainGroup*> groups_;
  int samplers_;
  RunControl& control_;
  std::vector<bool> busy_;
  std::mutex mutex_;
  std::condition_variable wake_;
};

/// Runs task(i) for i < count on `workers` threads with one LibTorch thread each; returns when all
/// are done. The first exception is rethrown. Results must go to places of their own.
void parallel_for(std::size_t count, int workers, const std::function<void(std::size_t)>& task);

}  // namespace ergo
