// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <cstdint>

#include "core/events/thinned_series.h"

namespace ergo {

/// The bounded buffer between one chain and the monitor: the chain adds a point per transition,
/// the monitor takes what came. Free of torch.
///
/// The chain never waits: in the few nanoseconds in which the monitor swaps the buffers its points
/// go into a small series of its own and follow with the next one. A full buffer is thinned as
/// ThinnedSeries says, so extremes survive, and what is left out is counted. No call allocates.
/// Several chains have a buffer each; one thread adds and one takes at a time.
class TraceBuffer {
 public:
  explicit TraceBuffer(std::size_t capacity);

  void add(double step, double potential, bool collecting);  ///< chain; does not wait or allocate
  void flush();                  ///< chain, between slices: nothing stays aside
  const ThinnedSeries& take();   ///< monitor: what came since the last call; till the next
  std::int64_t thinned() const;  ///< points left out so far; any thread
  std::size_t capacity() const { return capacity_; }

 private:
  bool try_lock() { return !busy_.test_and_set(std::memory_order_acquire); }
  void unlock() { busy_.clear(std::memory_order_release); }
  void move_aside();

  std::size_t capacity_;
  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;  ///< guards series_
  ThinnedSeries series_;
  ThinnedSeries taken_;  ///< the monitor's own
  ThinnedSeries aside_;  ///< the chain's own
  std::atomic<std::int64_t> thinned_{0};
};

}  // namespace ergo
