// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <mutex>
#include <utility>

#include "core/events/events.h"

namespace ergo {

/// Passes events on one at a time.
class Emitter {
 public:
  Emitter(EventSink sink, std::int64_t run) : sink_(std::move(sink)), run_(run) {}
  template <class Event>
  void operator()(Event event) {
    event.run = run_;
    const std::lock_guard lock(mutex_);
    if (sink_) sink_(RunEvent(std::move(event)));
  }

 private:
  EventSink sink_;
  std::int64_t run_;
  std::mutex mutex_;
};

}  // namespace ergo
