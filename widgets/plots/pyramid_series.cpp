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

PyramidSeries::PyramidSeries(std::size_t capacity) : m_points(capacity) {}

void PyramidSeries::Block::add(const ThinnedSeries& points, const Block& other) {
  if (points.y(other.low) < points.y(low)) low = other.low;
  if (points.y(other.high) > points.y(high)) high = other.high;
}

void PyramidSeries::append(double x, double y, bool solid) {
  m_points.append(x, y, solid);
  index();
}

/// Adds the blocks that are complete; all anew after a merge, which moves every point.
void PyramidSeries::index() {
  if (m_points.merges() != m_merges) {
    m_merges = m_points.merges();
    m_levels.clear();
  }
  const std::size_t ready = m_points.settled() / fan_out;
  if (ready == 0) return;
  if (m_levels.empty()) m_levels.emplace_back();
  while (m_levels.front().size() < ready) {
    const auto begin = static_cast<std::uint32_t>(m_levels.front().size() * fan_out);
    Block block{begin, begin};
    for (std::uint32_t i = begin + 1; i < begin + fan_out; ++i) block.add(m_points, {i, i});
    m_levels.front().push_back(block);
    for (std::size_t k = 0; m_levels[k].size() % fan_out == 0; ++k) {
      if (k + 1 == m_levels.size()) m_levels.emplace_back();
      Block above = m_levels[k].end()[-static_cast<std::ptrdiff_t>(fan_out)];
      for (auto it = m_levels[k].end() - fan_out + 1; it != m_levels[k].end(); ++it)
        above.add(m_points, *it);
      m_levels[k + 1].push_back(above);
    }
  }
}

/// Lowest and highest of the points begin <= i < end, from the largest blocks that fit.
PyramidSeries::Block PyramidSeries::extremes(std::size_t begin, std::size_t end) const {
  Block found{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin)};
  for (std::size_t i = begin; i < end;) {
    std::size_t size = 1, level = 0;  // the block at i of 8^level points
    while (level < m_levels.size() && i % (size * fan_out) == 0 && i + size * fan_out <= end &&
           i / (size * fan_out) < m_levels[level].size()) {
      size *= fan_out;
      ++level;
    }
    const auto number = static_cast<std::uint32_t>(i);
    found.add(m_points, level == 0 ? Block{number, number} : m_levels[level - 1][i / size]);
    i += size;
  }
  return found;
}

/// The first point at or right of x, searched from `begin` in steps that double: columns ask for
/// one boundary after the other, and the next one is near.
std::size_t PyramidSeries::firstFrom(double x, std::size_t begin) const {
  std::size_t low = begin, step = 1;
  while (low + step < m_points.size() && m_points.x(low + step) < x) {
    low += step;
    step *= 2;
  }
  std::size_t high = std::min(low + step, m_points.size());
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (m_points.x(middle) < x)
      low = middle + 1;
    else
      high = middle;
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
  const std::size_t begin = firstFrom(from, 0);
  const double beyond = std::nextafter(to, std::numeric_limits<double>::infinity());
  const std::size_t end = firstFrom(beyond, begin);
  const auto parts = static_cast<std::size_t>(columns);
  list.reserve(std::min(end - begin, 4 * parts) + 2);
  if (begin > 0) list.push_back(m_points[begin - 1]);
  if (end - begin <= 4 * parts) {
    for (std::size_t i = begin; i < end; ++i) list.push_back(m_points[i]);
  } else {
    std::size_t next = begin;
    for (std::size_t c = 1; c <= parts; ++c) {
      const double edge = from + (to - from) * (static_cast<double>(c) / columns);
      const std::size_t stop = c == parts ? end : std::min(end, firstFrom(edge, next));
      addColumn(next, stop, list);
      next = stop;
    }
  }
  if (end < m_points.size()) list.push_back(m_points[end]);
  return list;
}

std::vector<PyramidSeries::Point> PyramidSeries::overview(int columns) const {
  if (isEmpty()) return {};
  const double from = m_points.x(0), to = m_points.last().x;
  return this->columns(from, std::max(to, std::nextafter(from, HUGE_VAL)), columns);
}

}  // namespace ergo
