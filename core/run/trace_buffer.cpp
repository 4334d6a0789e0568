// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/trace_buffer.h"

#include <thread>
#include <utility>

namespace ergo {
namespace {

constexpr std::size_t aside_capacity = 64;

ThinnedSeries reserved(std::size_t capacity) {
  ThinnedSeries series(capacity);
  series.reserve();
  return series;
}

std::int64_t left_out(const ThinnedSeries& series) {
  return static_cast<std::int64_t>(series.samples() - series.size());
}

}  // namespace

TraceBuffer::TraceBuffer(std::size_t capacity)
    : capacity_(capacity),
      series_(reserved(capacity)),
      taken_(reserved(capacity)),
      aside_(reserved(aside_capacity)) {}

void TraceBuffer::add(double step, double potential, bool collecting) {
  if (!try_lock()) {
    aside_.append(step, potential, collecting);
    return;
  }
  if (!aside_.empty()) move_aside();
  series_.append(step, potential, collecting);
  unlock();
}

void TraceBuffer::move_aside() {
  thinned_.fetch_add(left_out(aside_), std::memory_order_relaxed);
  for (std::size_t i = 0; i < aside_.size(); ++i)
    series_.append(aside_.x(i), aside_.y(i), aside_[i].solid);
  aside_.clear();
}

void TraceBuffer::flush() {
  if (aside_.empty()) return;
  while (!try_lock()) std::this_thread::yield();
  move_aside();
  unlock();
}

const ThinnedSeries& TraceBuffer::take() {
  taken_.clear();
  while (!try_lock()) std::this_thread::yield();  // the chain holds it for one append at most
  std::swap(taken_, series_);
  unlock();
  thinned_.fetch_add(left_out(taken_), std::memory_order_relaxed);
  return taken_;
}

std::int64_t TraceBuffer::thinned() const { return thinned_.load(std::memory_order_relaxed); }

}  // namespace ergo
