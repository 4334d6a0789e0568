// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/control.h"

namespace ergo {

void RunControl::stop(Stop how) {
  if (how == Stop::again) again_ = true;
  stop_ = true;
  changed();
}

void RunControl::pause() {
  paused_ = true;
  changed();
}

void RunControl::resume() {
  paused_ = false;
  changed();
}

void RunControl::step(std::int64_t n) {
  granted_ += n;
  changed();
}

bool RunControl::may_advance(std::int64_t& granted_used) const {
  if (stopped()) return false;
  const std::int64_t granted = granted_.load(std::memory_order_relaxed);
  if (!paused()) {
    granted_used = granted;  // steps granted earlier do not carry over to a later pause
    return true;
  }
  if (granted_used >= granted) return false;
  ++granted_used;
  return true;
}

void RunControl::on_change(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  callback_ = std::move(callback);
}

void RunControl::changed() {
  const std::lock_guard lock(mutex_);
  if (callback_) callback_();
}

}  // namespace ergo
