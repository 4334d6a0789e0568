// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/diagnostics/predictive.h"

namespace ergo::diagnostics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The bin whose half-open interval (b/B, (b+1)/B] holds the confidence.
std::int64_t bin_of(double confidence, std::int64_t bins) {
  const auto bin = static_cast<std::int64_t>(std::ceil(confidence * static_cast<double>(bins))) - 1;
  return std::clamp<std::int64_t>(bin, 0, bins - 1);
}

void to_means(Reliability& sums, double points) {
  for (std::size_t b = 0; b < sums.weight.size(); ++b) {
    if (sums.weight[b] == 0.0) {
      sums.predicted[b] = (static_cast<double>(b) + 0.5) / static_cast<double>(sums.weight.size());
      sums.observed[b] = nan;
      continue;
    }
    sums.predicted[b] /= sums.weight[b];
    sums.observed[b] /= sums.weight[b];
    sums.weight[b] /= points;
  }
}

}  // namespace

Reliability reliability_bins(std::span<const double> log_prob, std::span<const std::int32_t> labels,
                             std::int64_t bins) {
  const auto size = static_cast<std::size_t>(bins);
  Reliability result{std::vector<double>(size), std::vector<double>(size),
                     std::vector<double>(size)};
  const std::size_t classes = labels.empty() ? 0 : log_prob.size() / labels.size();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = log_prob.subspan(i * classes, classes);
    const auto best = std::max_element(row.begin(), row.end());
    const double confidence = std::min(std::exp(*best), 1.0);
    if (std::isnan(confidence)) continue;
    const std::int64_t bin = bin_of(confidence, bins);
    result.predicted[bin] += confidence;
    result.observed[bin] += best - row.begin() == labels[i] ? 1.0 : 0.0;
    result.weight[bin] += 1.0;
  }
  to_means(result, static_cast<double>(labels.size()));
  return result;
}

double expected_calibration_error(const Reliability& bins) {
  double error = 0.0, total = 0.0;
  for (std::size_t b = 0; b < bins.weight.size(); ++b) {
    if (bins.weight[b] == 0.0) continue;
    error += bins.weight[b] * std::abs(bins.observed[b] - bins.predicted[b]);
    total += bins.weight[b];
  }
  return total > 0.0 ? error : nan;
}

Reliability coverage_curve(std::span<const double> pit_values) {
  Reliability curve;
  for (int step = 1; step <= 19; ++step) {
    const double level = step / 20.0;
    curve.predicted.push_back(level);
    curve.observed.push_back(coverage(pit_values, level));
    curve.weight.push_back(1.0);
  }
  return curve;
}

}  // namespace ergo::diagnostics
