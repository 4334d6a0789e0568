// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "core/events/events.h"

namespace ergo {

/// The bounded queue between the threads of a run and the window. It never blocks a chain and
/// never grows without limit.
///
/// Pictures (trajectory, predictive, diversity, reliability), metrics and progress are kept
/// latest-wins per sampler; trace points of a chain are appended to one pending event. When the
/// pending trace points exceed the bound, every four become their minimum and maximum in time
/// order, so peaks survive; when plain messages exceed theirs, every second goes. Both are
/// counted. RunStarted, ChainDiverged and RunFinished are never dropped, and nothing moves across
/// a RunStarted.
///
/// Thread: push() from any; drain() from the window's. `wake` is called on the pushing thread by
/// the first push after a drain() that found nothing, and never while the queue is locked.
class EventQueue {
 public:
  struct Bounds {
    /// Pending over all chains. No run has more, so its traces are whole however late the window
    /// is (as long as it looks at least once in two runs).
    std::size_t trace_points = 2 * trace_budget;
    std::size_t messages = 5000;  ///< pending log messages and meta-training iterations
  };
  explicit EventQueue(std::function<void()> wake);
  EventQueue(std::function<void()> wake, Bounds bounds);

  void push(const RunEvent& event);
  std::vector<RunEvent> drain();
  /// Trace points and messages left out since construction, by the chains' own buffers and here.
  std::int64_t thinned() const;

 private:
  using Key = std::tuple<std::size_t, int, std::int64_t>;  // kind, sampler, chain
  void add(const RunEvent& event);
  void append(const TraceAdded& event, const Key& key);
  void thin_traces();
  void thin_messages();
  void rebuild_slots();

  std::function<void()> wake_;
  Bounds bounds_;
  mutable std::mutex mutex_;
  std::vector<RunEvent> events_;
  std::map<Key, std::size_t> slots_;  ///< where an event that can be merged into lies
  std::size_t trace_points_ = 0, messages_ = 0, message_limit_;
  std::int64_t thinned_ = 0;
  bool armed_ = true;
};

}  // namespace ergo
