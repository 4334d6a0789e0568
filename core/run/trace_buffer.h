// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "core/run/trace_thinner.h"

namespace ergo {

/// Points of a trace, and how many transitions around them are left out.
struct Trace {
  std::vector<TracePoint> points;
  std::int64_t thinned = 0;
  bool empty() const { return points.empty() && thinned == 0; }
  void append(const Trace& other);
  void clear();  ///< keeps the room
};

/// Carries the trace of one chain to the monitor: the chain adds every transition, a TraceThinner
/// says which become points, the monitor takes what came. Free of torch.
///
/// Nothing is ever dropped here, so what the monitor gets in all does not depend on when it looks;
/// the thinner bounds what can lie here. The chain never waits: in the few nanoseconds in which
/// the monitor swaps the buffers its points go aside and follow with the next ones. It allocates
/// only where the monitor is so late that the room is full.
/// Several chains have a buffer each; one thread adds and one takes at a time.
class TraceBuffer {
 public:
  /// @param fine see TraceThinner  @param room points that have room at once
  TraceBuffer(std::int64_t fine, std::size_t room);

  void add(const TracePoint& point);  ///< chain; does not wait
  void flush();                       ///< chain, between slices: nothing stays aside
  /// No more points come: hands out the last group. Any thread, after the chain has ended.
  void close();
  const Trace& take();  ///< monitor: what came since the last call; till the next

  // For checkpoints; chain, between slices.
  /// From now on points stay here as well, until forget().
  void keep() { keeps_ = true; }
  /// What came in all, but for the first points, which were forgotten.
  const Trace& kept() const { return kept_; }
  const TraceThinner::Group& open() const { return thinner_.open(); }
  void forget(std::size_t points);
  /// Before the first point: goes on where another one was.
  void restore(const Trace& trace, const TraceThinner::Group& open);

 private:
  bool try_lock() { return !busy_.test_and_set(std::memory_order_acquire); }
  void lock();
  void unlock() { busy_.clear(std::memory_order_release); }
  void move_aside();

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;  ///< guards waiting_
  Trace waiting_;
  Trace taken_;           ///< the monitor's own
  Trace aside_;           ///< the chain's own
  TraceThinner thinner_;  ///< the chain's own
  bool keeps_ = false;    ///< the chain's own, as is kept_
  Trace kept_;
};

}  // namespace ergo
