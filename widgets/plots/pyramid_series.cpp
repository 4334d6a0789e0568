// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/pyramid_series.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace ergo {
namespace {

constexpr std::size_t fan_out = 8;

}  // namespace

// Room at once: many series that grow alike would all move their points within one frame. What is
// not written yet costs no memory.
PyramidSeries::PyramidSeries(std::size_t capacity) : m_points(capacity) { m_points.reserve(); }

/// Of equal values the earliest stays, whatever the order of the calls.
inline void PyramidSeries::Block::add(const Block& other) {
  if (other.lowY <= lowY && (other.lowY < lowY || other.low < low)) {
    low = other.low;
    lowY = other.lowY;
  }
  if (other.highY >= highY && (other.highY > highY || other.high < high)) {
    high = other.high;
    highY = other.highY;
  }
}

inline PyramidSeries::Block PyramidSeries::single(std::size_t i) const {
  const auto number = static_cast<std::uint32_t>(i);
  return {number, number, m_points.y(i), m_points.y(i)};
}

void PyramidSeries::append(double x, double y, bool solid) {
  m_points.append(x, y, solid);
  index();
}

/// Adds the blocks that are complete; all anew after a merge, which moves every point.
void PyramidSeries::index() {
  if (m_points.merges() != m_merges) {
    m_merges = m_points.merges();
    for (auto& level : m_levels) level.clear();
  }
  const std::size_t ready = m_points.settled() / fan_out;
  if (ready == 0) return;
  if (m_levels.empty()) m_levels.emplace_back().reserve(m_points.capacity() / fan_out);
  while (m_levels.front().size() < ready) {
    const std::size_t begin = m_levels.front().size() * fan_out;
    Block block = single(begin);
    for (std::size_t i = begin + 1; i < begin + fan_out; ++i) block.add(single(i));
    m_levels.front().push_back(block);
    for (std::size_t k = 0; m_levels[k].size() % fan_out == 0; ++k) {
      if (k + 1 == m_levels.size()) m_levels.emplace_back();
      Block above = m_levels[k].end()[-static_cast<std::ptrdiff_t>(fan_out)];
      for (auto it = m_levels[k].end() - fan_out + 1; it != m_levels[k].end(); ++it) above.add(*it);
      m_levels[k + 1].push_back(above);
    }
  }
}

/// Lowest and highest of the points begin <= i < end. Level by level from the points up: what
/// whole blocks of the next level do not cover, and then these.
PyramidSeries::Block PyramidSeries::extremes(std::size_t begin, std::size_t end) const {
  Block found = single(begin);
  for (std::size_t level = 0; begin < end; ++level) {
    const std::size_t ready = level < m_levels.size() ? m_levels[level].size() : 0;
    const std::size_t first = (begin + fan_out - 1) / fan_out;
    const std::size_t last = std::max(first, std::min(end / fan_out, ready));
    const bool covered = first < last;
    addBlocks(level, begin, covered ? first * fan_out : end, found);
    addBlocks(level, covered ? last * fan_out : end, end, found);
    begin = first;
    end = covered ? last : first;
  }
  return found;
}

/// Level 0: the points themselves.
void PyramidSeries::addBlocks(std::size_t level, std::size_t begin, std::size_t end,
                              Block& found) const {
  if (level == 0) {
    for (std::size_t i = begin; i < end; ++i) found.add(single(i));
    return;
  }
  const Block* const blocks = m_levels[level - 1].data();
  for (std::size_t i = begin; i < end; ++i) found.add(blocks[i]);
}

/// The first point at or right of x, not before `begin`, searched from `guess` in steps that
/// double: the columns of a view hold about equally many points, so the guess is near.
std::size_t PyramidSeries::firstFrom(double x, std::size_t begin, std::size_t guess) const {
  std::size_t low = begin, high = m_points.size(), step = 1;
  const std::size_t middle = std::min(std::max(begin, guess), high);
  if (middle < high && m_points.x(middle) < x) {
    low = middle + 1;
    for (; low + step < high && m_points.x(low + step) < x; step *= 2) low += step + 1;
    high = std::min(high, low + step);
  } else {
    high = middle;
    for (; low + step < high && m_points.x(high - step) >= x; step *= 2) high -= step;
    low = high - low > step ? high - step : low;
  }
  while (low < high) {
    const std::size_t half = low + (high - low) / 2;
    if (m_points.x(half) < x)
      low = half + 1;
    else
      high = half;
  }
  return low;
}

void PyramidSeries::addColumn(std::size_t begin, std::size_t end, std::vector<Point>& list) const {
  if (begin >= end) return;
  const Block block = extremes(begin, end);
  std::array<std::size_t, 4> chosen{begin, block.low, block.high, end - 1};
  std::sort(chosen.begin(), chosen.end());
  const auto last = std::unique(chosen.begin(), chosen.end());
  for (auto i = chosen.begin(); i != last; ++i) list.push_back(m_points[*i]);
}

std::vector<PyramidSeries::Point> PyramidSeries::columns(double from, double to,
                                                         int columns) const {
  std::vector<Point> list;
  if (isEmpty() || !(to > from) || columns < 1) return list;
  const std::size_t begin = firstFrom(from, 0, 0);
  const double beyond = std::nextafter(to, std::numeric_limits<double>::infinity());
  const std::size_t end = firstFrom(beyond, begin, m_points.size());
  const auto parts = static_cast<std::size_t>(columns);
  list.reserve(std::min(end - begin, 4 * parts) + 2);
  if (begin > 0) list.push_back(m_points[begin - 1]);
  if (end - begin <= 4 * parts) {
    for (std::size_t i = begin; i < end; ++i) list.push_back(m_points[i]);
  } else {
    std::size_t next = begin, width = 0;
    for (std::size_t c = 1; c <= parts; ++c) {
      const double edge = from + (to - from) * (static_cast<double>(c) / columns);
      const std::size_t stop =
          c == parts ? end : std::min(end, firstFrom(edge, next, next + width));
      addColumn(next, stop, list);
      width = stop - next;
      next = stop;
    }
  }
  if (end < m_points.size()) list.push_back(m_points[end]);
  return list;
}

std::optional<PyramidSeries::Point> PyramidSeries::at(double x) const {
  const double beyond = std::nextafter(x, std::numeric_limits<double>::infinity());
  const std::size_t next = firstFrom(beyond, 0, m_points.size());
  return next > 0 ? std::optional(m_points[next - 1]) : std::nullopt;
}

std::vector<PyramidSeries::Point> PyramidSeries::overview(int columns) const {
  if (isEmpty()) return {};
  const double from = m_points.x(0), to = m_points.last().x;
  return this->columns(from, std::max(to, std::nextafter(from, HUGE_VAL)), columns);
}

}  // namespace ergo
