// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/decimated_series.h"

#include <algorithm>
#include <cmath>

namespace ergo {

DecimatedSeries::DecimatedSeries(std::size_t capacity)
    : m_capacity(std::max<std::size_t>(2, capacity + capacity % 2)) {}

void DecimatedSeries::Bucket::add(const Point& point) {
  if (count == 0 || point.y < low.y) low = point;
  if (count == 0 || point.y > high.y) high = point;
  ++count;
}

void DecimatedSeries::Bucket::merge(const Bucket& later) {
  if (later.low.y < low.y) low = later.low;
  if (later.high.y > high.y) high = later.high;
  count += later.count;
}

void DecimatedSeries::append(double x, double y, bool solid) {
  if (!std::isfinite(x) || !std::isfinite(y)) {
    ++m_nonFinite;
    return;
  }
  if (m_buckets.empty() || m_buckets.back().count >= m_length) {
    if (m_buckets.size() == m_capacity) halve();
    if (m_buckets.empty() || m_buckets.back().count >= m_length) m_buckets.emplace_back();
  }
  m_last = {x, y, solid};
  m_buckets.back().add(m_last);
  ++m_samples;
}

void DecimatedSeries::halve() {
  for (std::size_t i = 0; 2 * i + 1 < m_buckets.size(); ++i) {
    m_buckets[i] = m_buckets[2 * i];
    m_buckets[i].merge(m_buckets[2 * i + 1]);
  }
  m_buckets.resize(m_buckets.size() / 2);
  m_length *= 2;
}

std::vector<DecimatedSeries::Point> DecimatedSeries::points() const {
  std::vector<Point> list;
  list.reserve(2 * m_buckets.size());
  for (const Bucket& bucket : m_buckets) {
    const bool low_first = bucket.low.x <= bucket.high.x;
    list.push_back(low_first ? bucket.low : bucket.high);
    if (bucket.count > 1 && bucket.low.x != bucket.high.x) {
      list.push_back(low_first ? bucket.high : bucket.low);
    }
  }
  return list;
}

}  // namespace ergo
