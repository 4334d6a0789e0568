// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/event_queue.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ergo {
namespace {

template <class Event>
constexpr bool is_latest_wins =
    std::is_same_v<Event, PredictiveUpdated> || std::is_same_v<Event, DiversityUpdated> ||
    std::is_same_v<Event, ReliabilityUpdated> || std::is_same_v<Event, MetricsUpdated> ||
    std::is_same_v<Event, CurveUpdated>;

/// Kind, sampler and chain that an event may be merged by; kind npos: never merged.
std::tuple<std::size_t, int, std::int64_t> merge_key(const RunEvent& event) {
  return std::visit(
      [&event]<class Event>(const Event& e) -> std::tuple<std::size_t, int, std::int64_t> {
        if constexpr (std::is_same_v<Event, TraceAdded>) return {event.index(), e.sampler, e.chain};
        if constexpr (is_latest_wins<Event>) return {event.index(), e.sampler, 0};
        if constexpr (std::is_same_v<Event, TrajectoryUpdated> || std::is_same_v<Event, Progress>)
          return {event.index(), 0, 0};
        return {std::variant_npos, 0, 0};
      },
      event);
}

/// Messages that may be thinned: logs, and iterations that carry no validation score.
bool is_message(const RunEvent& event) {
  if (const auto* iteration = std::get_if<MetaIteration>(&event))
    return !std::isfinite(iteration->score);
  return std::holds_alternative<LogMessage>(event);
}

void take(TraceAdded& to, const TraceAdded& from, std::size_t i) {
  to.step.push_back(from.step[i]);
  to.evaluation.push_back(from.evaluation[i]);
  to.potential.push_back(from.potential[i]);
  to.collecting.push_back(from.collecting[i]);
}

/// Every four points become the lowest and the highest of them, in time order.
TraceAdded min_max_of_fours(const TraceAdded& full) {
  TraceAdded thin{full.run, full.sampler, full.chain, {}, {}, {}, {}};
  const std::size_t count = full.potential.size();
  for (std::size_t start = 0; start < count; start += 4) {
    const auto first = full.potential.begin() + static_cast<std::ptrdiff_t>(start);
    const auto last =
        full.potential.begin() + static_cast<std::ptrdiff_t>(std::min(start + 4, count));
    auto [low, high] = std::minmax_element(first, last);
    if (high < low) std::swap(low, high);
    take(thin, full, static_cast<std::size_t>(low - full.potential.begin()));
    if (high != low) take(thin, full, static_cast<std::size_t>(high - full.potential.begin()));
  }
  return thin;
}

template <class T>
void concatenate(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

EventQueue::EventQueue(std::function<void()> wake) : EventQueue(std::move(wake), Bounds{}) {}

EventQueue::EventQueue(std::function<void()> wake, Bounds bounds)
    : wake_(std::move(wake)), bounds_(bounds), message_limit_(bounds.messages) {}

void EventQueue::push(const RunEvent& event) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    add(event);
    wake = std::exchange(armed_, false);
  }
  if (wake) wake_();
}

std::vector<RunEvent> EventQueue::drain() {
  std::lock_guard lock(mutex_);
  if (events_.empty()) armed_ = true;
  slots_.clear();
  trace_points_ = messages_ = 0;
  message_limit_ = bounds_.messages;
  return std::exchange(events_, {});
}

std::int64_t EventQueue::thinned() const {
  std::lock_guard lock(mutex_);
  return thinned_;
}

void EventQueue::add(const RunEvent& event) {
  if (std::holds_alternative<RunStarted>(event)) slots_.clear();
  const Key key = merge_key(event);
  if (const auto* trace = std::get_if<TraceAdded>(&event)) return append(*trace, key);
  const auto slot = slots_.find(key);
  if (slot != slots_.end()) {
    events_[slot->second] = event;
    return;
  }
  if (std::get<0>(key) != std::variant_npos) slots_[key] = events_.size();
  events_.push_back(event);
  if (is_message(event) && ++messages_ > message_limit_) thin_messages();
}

void EventQueue::append(const TraceAdded& event, const Key& key) {
  thinned_ += event.thinned;
  trace_points_ += event.potential.size();
  if (const auto slot = slots_.find(key); slot != slots_.end()) {
    auto& pending = std::get<TraceAdded>(events_[slot->second]);
    concatenate(pending.step, event.step);
    concatenate(pending.evaluation, event.evaluation);
    concatenate(pending.potential, event.potential);
    concatenate(pending.collecting, event.collecting);
  } else {
    slots_[key] = events_.size();
    events_.push_back(event);
  }
  if (trace_points_ > bounds_.trace_points) thin_traces();
}

void EventQueue::thin_traces() {
  const std::size_t before = trace_points_;
  trace_points_ = 0;
  for (RunEvent& event : events_)
    if (auto* trace = std::get_if<TraceAdded>(&event)) {
      *trace = min_max_of_fours(*trace);
      trace_points_ += trace->potential.size();
    }
  thinned_ += static_cast<std::int64_t>(before - trace_points_);
}

void EventQueue::thin_messages() {
  const std::size_t before = events_.size();
  bool keep = false;  // the newest message is at the end: count backwards so that it stays
  std::vector<RunEvent> kept;
  kept.reserve(before);
  for (auto event = events_.rbegin(); event != events_.rend(); ++event) {
    if (is_message(*event)) keep = !keep;
    if (!is_message(*event) || keep) kept.push_back(std::move(*event));
  }
  std::reverse(kept.begin(), kept.end());
  events_ = std::move(kept);
  thinned_ += static_cast<std::int64_t>(before - events_.size());
  messages_ -= before - events_.size();
  rebuild_slots();
}

void EventQueue::rebuild_slots() {
  slots_.clear();
  for (std::size_t i = 0; i < events_.size(); ++i) {
    if (std::holds_alternative<RunStarted>(events_[i])) slots_.clear();
    const Key key = merge_key(events_[i]);
    if (std::get<0>(key) != std::variant_npos) slots_[key] = i;
  }
}

}  // namespace ergo
