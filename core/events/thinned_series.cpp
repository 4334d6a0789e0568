// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/events/thinned_series.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ergo {
namespace {

constexpr std::size_t kept = 4;  // of a group: first, lowest, highest, last

/// Which 4 of `count` >= 4 consecutive values stay: first, lowest, highest and last, ascending.
/// Where these coincide, the earliest others fill up.
std::array<std::size_t, kept> choose(const double* y, std::size_t count) {
  const auto [low, high] = std::minmax_element(y, y + count);
  unsigned chosen = 1u | 1u << (count - 1) | 1u << (low - y) | 1u << (high - y);
  unsigned number = 0;
  for (std::size_t i = 0; i < count; ++i) number += chosen >> i & 1u;
  for (std::size_t i = 1; number < kept; ++i) {
    number += (chosen >> i & 1u) == 0;
    chosen |= 1u << i;
  }
  std::array<std::size_t, kept> indices{};
  for (std::size_t i = 0, next = 0; i < count; ++i)
    if (chosen >> i & 1u) indices[next++] = i;
  return indices;
}

}  // namespace

ThinnedSeries::ThinnedSeries(std::size_t capacity)
    : capacity_(std::max<std::size_t>(16, (capacity + 7) / 8 * 8)) {}

void ThinnedSeries::reserve() {
  x_.reserve(capacity_);
  y_.reserve(capacity_);
  solid_.reserve(capacity_);
}

void ThinnedSeries::clear() {
  x_.clear();
  y_.clear();
  solid_.clear();
  length_ = kept;
  open_ = samples_ = non_finite_ = merges_ = 0;
  low_ = std::numeric_limits<double>::infinity();
  high_ = -low_;
}

std::size_t ThinnedSeries::settled() const {
  const std::size_t in_group = std::min(open_, kept);
  return open_ == length_ ? size() : size() - in_group;
}

void ThinnedSeries::append(double x, double y, bool solid) {
  if (!std::isfinite(x) || !std::isfinite(y)) {
    ++non_finite_;
    return;
  }
  ++samples_;
  low_ = std::min(low_, y);
  high_ = std::max(high_, y);
  if (open_ == length_) {
    if (size() == capacity_) halve();
    if (open_ == length_) open_ = 0;
  }
  if (open_ < kept)
    push(x, y, solid);
  else
    replace_in_group(x, y, solid);
  ++open_;
}

void ThinnedSeries::push(double x, double y, bool solid) {
  x_.push_back(x);
  y_.push_back(y);
  solid_.push_back(solid);
}

/// The last group has its four points already: of these and the new one, four stay.
void ThinnedSeries::replace_in_group(double x, double y, bool solid) {
  const std::size_t begin = size() - kept;
  const std::array<double, kept + 1> five{y_[begin], y_[begin + 1], y_[begin + 2], y_[begin + 3],
                                          y};
  const auto stay = choose(five.data(), five.size());
  for (std::size_t i = 0; i + 1 < kept; ++i) {
    x_[begin + i] = x_[begin + stay[i]];
    y_[begin + i] = y_[begin + stay[i]];
    solid_[begin + i] = solid_[begin + stay[i]];
  }
  x_.back() = x;
  y_.back() = y;
  solid_.back() = solid;
}

void ThinnedSeries::halve() {
  for (std::size_t from = 0, to = 0; from < size(); from += 2 * kept) {
    for (const std::size_t i : choose(y_.data() + from, 2 * kept)) {
      x_[to] = x_[from + i];
      y_[to] = y_[from + i];
      solid_[to++] = solid_[from + i];
    }
  }
  x_.resize(size() / 2);
  y_.resize(y_.size() / 2);
  solid_.resize(solid_.size() / 2);
  length_ *= 2;
  open_ = length_;  // the merged groups are full
  ++merges_;
}

}  // namespace ergo
