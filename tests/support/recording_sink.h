// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "core/events/events.h"

namespace ergo::test {

/// Keeps every event of a run and watches that the sink is never entered twice at a time. Read it
/// after the run; `on_event` runs inside the sink, as a window's handler would.
class RecordingSink {
 public:
  std::function<void(const RunEvent&)> on_event;

  EventSink sink() {
    return [this](const RunEvent& event) {
      if (inside_.fetch_add(1) != 0) ++overlaps_;
      events_.push_back(event);
      if (on_event) on_event(event);
      inside_.fetch_sub(1);
    };
  }

  const std::vector<RunEvent>& events() const { return events_; }
  int overlaps() const { return overlaps_; }

  template <class Event>
  std::vector<Event> all() const {
    std::vector<Event> list;
    for (const RunEvent& event : events_) {
      if (const auto* match = std::get_if<Event>(&event)) list.push_back(*match);
    }
    return list;
  }

 private:
  std::vector<RunEvent> events_;
  std::atomic<int> inside_{0}, overlaps_{0};
};

}  // namespace ergo::test
