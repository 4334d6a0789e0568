// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/trace_buffer.h"

#include <thread>
#include <utility>

namespace ergo {

void Trace::append(const Trace& other) {
  points.insert(points.end(), other.points.begin(), other.points.end());
  thinned += other.thinned;
}

void Trace::clear() {
  points.clear();
  thinned = 0;
}

TraceBuffer::TraceBuffer(std::int64_t fine, std::size_t room) : thinner_(fine) {
  waiting_.points.reserve(room);
  taken_.points.reserve(room);
  aside_.points.reserve(64);
}

void TraceBuffer::lock() {
  while (!try_lock()) std::this_thread::yield();
}

void TraceBuffer::add(const TracePoint& point) {
  const std::size_t before = aside_.points.size();
  const std::int64_t left_out = thinner_.add(point, aside_.points);
  aside_.thinned += left_out;
  if (keeps_) {
    kept_.points.insert(kept_.points.end(),
                        aside_.points.begin() + static_cast<std::ptrdiff_t>(before),
                        aside_.points.end());
    kept_.thinned += left_out;
  }
  if (aside_.empty() || !try_lock()) return;
  move_aside();
  unlock();
}

void TraceBuffer::move_aside() {
  waiting_.append(aside_);
  aside_.clear();
}

void TraceBuffer::flush() {
  if (aside_.empty()) return;
  lock();
  move_aside();
  unlock();
}

void TraceBuffer::close() {
  aside_.thinned += thinner_.close(aside_.points);
  flush();
}

void TraceBuffer::forget(std::size_t points) {
  kept_.points.erase(kept_.points.begin(),
                     kept_.points.begin() + static_cast<std::ptrdiff_t>(points));
}

void TraceBuffer::restore(const Trace& trace, const TraceThinner::Group& open) {
  aside_.append(trace);
  flush();
  kept_.thinned = trace.thinned;
  thinner_.reopen(open);
}

const Trace& TraceBuffer::take() {
  taken_.clear();
  lock();  // the chain holds it for one append at most
  std::swap(taken_, waiting_);
  unlock();
  return taken_;
}

}  // namespace ergo
