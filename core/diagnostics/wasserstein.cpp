// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/wasserstein.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ergo::diagnostics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool usable(const std::vector<double>& sample) {
  return !sample.empty() &&
         std::all_of(sample.begin(), sample.end(), [](double v) { return std::isfinite(v); });
}

std::vector<double> column(std::span<const double> f, std::int64_t draws, std::int64_t grid,
                           std::int64_t index) {
  std::vector<double> values(static_cast<std::size_t>(draws));
  for (std::int64_t k = 0; k < draws; ++k) values[k] = f[k * grid + index];
  return values;
}

}  // namespace

double wasserstein(std::vector<double> a, std::vector<double> b) {
  if (!usable(a) || !usable(b)) return nan;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const auto size_a = static_cast<double>(a.size()), size_b = static_cast<double>(b.size());
  std::size_t i = 0, j = 0;
  double at = std::min(a[0], b[0]), area = 0.0;
  while (i < a.size() || j < b.size()) {
    const bool from_a = j == b.size() || (i < a.size() && a[i] <= b[j]);
    const double next = from_a ? a[i] : b[j];
    const double gap = static_cast<double>(i) / size_a - static_cast<double>(j) / size_b;
    area += std::abs(gap) * (next - at);
    at = next;
    ++(from_a ? i : j);
  }
  return area;
}

double mean_wasserstein(std::span<const double> f, std::int64_t f_draws, std::span<const double> g,
                        std::int64_t g_draws, std::int64_t grid) {
  if (grid == 0) return nan;
  double sum = 0.0;
  for (std::int64_t index = 0; index < grid; ++index) {
    sum += wasserstein(column(f, f_draws, grid, index), column(g, g_draws, grid, index));
  }
  return sum / static_cast<double>(grid);
}

}  // namespace ergo::diagnostics
