// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace ergo {

/// Stop, pause and single step of a run. Every function may be called from any thread.
/// Chains ask `may_advance` once per transition; it never blocks.
class RunControl {
 public:
  void stop();  ///< ends the run at the next transition; cannot be undone
  void pause();
  void resume();
  void step(std::int64_t n = 1);  ///< while paused: every chain may take n more transitions
  bool stopped() const { return stop_.load(std::memory_order_relaxed); }
  bool paused() const { return paused_.load(std::memory_order_relaxed); }

  /// True when a chain that has used `granted_used` of the granted single steps may move on.
  /// Uses one up while paused.
  bool may_advance(std::int64_t& granted_used) const;

  /// Called (on the caller's thread) after each change, so that a scheduler can wake up.
  void on_change(std::function<void()> callback);

 private:
  void changed();
  std::atomic<bool> stop_{false}, paused_{false};
  std::atomic<std::int64_t> granted_{0};
  std::mutex mutex_;
  std::function<void()> callback_;
};

}  // namespace ergo
