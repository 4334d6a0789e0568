// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ergo::diagnostics {
namespace {

/// Mean of value(p_i, q_i) over the points.
template <class Value>
double mean_over_points(std::span<const double> p, std::span<const double> q, std::int64_t classes,
                        Value&& value) {
  if (p.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto width = static_cast<std::size_t>(classes);
  double sum = 0.0;
  for (std::size_t at = 0; at < p.size(); at += width)
    sum += value(p.subspan(at, width), q.subspan(at, width));
  return sum * static_cast<double>(width) / static_cast<double>(p.size());
}

}  // namespace

double top1_agreement(std::span<const double> p, std::span<const double> q, std::int64_t classes) {
  const auto top = [](std::span<const double> row) {
    return std::max_element(row.begin(), row.end()) - row.begin();
  };
  return mean_over_points(p, q, classes,
                          [&top](auto a, auto b) { return top(a) == top(b) ? 1.0 : 0.0; });
}

double total_variation(std::span<const double> p, std::span<const double> q, std::int64_t classes) {
  return mean_over_points(p, q, classes, [](auto a, auto b) {
    double distance = 0.0;
    for (std::size_t c = 0; c < a.size(); ++c) distance += std::abs(a[c] - b[c]);
    return 0.5 * distance;
  });
}

}  // namespace ergo::diagnostics
