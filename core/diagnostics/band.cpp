// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/band.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace ergo::diagnostics {
namespace {

double sorted_quantile(const std::vector<double>& sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Column g of K Gaussians on G points.
struct Mixture {
  std::span<const double> f, sd;
  std::size_t column, stride;

  double cdf(double y) const {
    double sum = 0.0;
    std::size_t count = 0;
    for (std::size_t at = column; at < f.size(); at += stride, ++count) {
      sum += 0.5 * std::erfc((f[at] - y) / (sd[at] * std::numbers::sqrt2));
    }
    return sum / static_cast<double>(count);
  }

  /// By bisection between bounds that surely hold it.
  double quantile(double p) const {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::size_t at = column; at < f.size(); at += stride) {
      low = std::min(low, f[at] - 4.0 * sd[at]);
      high = std::max(high, f[at] + 4.0 * sd[at]);
    }
    if (!std::isfinite(low) || !std::isfinite(high)) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    for (const double width = 1e-6 * (high - low); high - low > width && width > 0.0;) {
      const double middle = low + 0.5 * (high - low);
      (cdf(middle) < p ? low : high) = middle;
    }
    return low + 0.5 * (high - low);
  }
};

}  // namespace

Band band_of(std::span<const double> f, std::int64_t draws, std::int64_t grid) {
  Band band;
  if (draws == 0) return band;
  std::vector<double> column(static_cast<std::size_t>(draws));
  for (std::int64_t g = 0; g < grid; ++g) {
    for (std::int64_t k = 0; k < draws; ++k) column[k] = f[k * grid + g];
    std::sort(column.begin(), column.end());
    const double sum = std::accumulate(column.begin(), column.end(), 0.0);
    band.mean.push_back(sum / static_cast<double>(draws));
    band.q05.push_back(sorted_quantile(column, 0.05));
    band.q25.push_back(sorted_quantile(column, 0.25));
    band.q75.push_back(sorted_quantile(column, 0.75));
    band.q95.push_back(sorted_quantile(column, 0.95));
  }
  const std::int64_t shown = std::min<std::int64_t>(draws, 8);
  for (std::int64_t i = 0; i < shown; ++i) {
    const std::int64_t k = shown == 1 ? 0 : i * (draws - 1) / (shown - 1);
    const auto row = f.subspan(k * grid, grid);
    band.functions.emplace_back(row.begin(), row.end());
  }
  return band;
}

void add_noise_band(Band& band, std::span<const double> f, std::span<const double> noise_sd,
                    std::int64_t draws, std::int64_t grid) {
  if (draws == 0) return;
  const auto points = static_cast<std::size_t>(grid);
  for (std::size_t g = 0; g < points; ++g) {
    const Mixture mixture{f, noise_sd, g, points};
    band.y05.push_back(mixture.quantile(0.05));
    band.y95.push_back(mixture.quantile(0.95));
  }
}

}  // namespace ergo::diagnostics
