// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

#include "core/base/error.h"

namespace ergo {

/// Why a run is to end early: for good, or to be started again by whoever warned it.
enum class Stop { end, again };

/// Stop, pause and single step of a run. Every function may be called from any thread.
/// Chains ask `may_advance` once per transition; it never blocks.
class RunControl {
 public:
  /// Ends the run at the next transition; cannot be undone. One `again` outweighs every `end`.
  void stop(Stop how = Stop::end);
  void pause();
  void resume();
  void step(std::int64_t n = 1);  ///< while paused: every chain may take n more transitions
  bool stopped() const { return stop_.load(std::memory_order_relaxed); }
  bool again() const { return again_; }
  /// How a process ends that was stopped: {interrupted}, or {temporary} when it is to come again.
  ExitCode stop_code() const { return again_ ? ExitCode::temporary : ExitCode::interrupted; }
  bool paused() const { return paused_.load(std::memory_order_relaxed); }

  /// True when a chain that has used `granted_used` of the granted single steps may move on.
  /// Uses one up while paused.
  bool may_advance(std::int64_t& granted_used) const;

  /// Called (on the caller's thread) after each change, so that a scheduler can wake up.
  void on_change(std::function<void()> callback);

 private:
  void changed();
  std::atomic<bool> stop_{false}, again_{false}, paused_{false};
  std::atomic<std::int64_t> granted_{0};
  std::mutex mutex_;
  std::function<void()> callback_;
};

}  // namespace ergo
