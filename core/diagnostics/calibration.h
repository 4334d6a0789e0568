// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace ergo::diagnostics {

/// A reliability diagram: bins of confidence, or nominal levels of coverage.
struct Reliability {
  std::vector<double> predicted;  ///< mean confidence of the bin, or nominal level, 0..1
  std::vector<double> observed;   ///< accuracy of the bin, or empirical coverage; NaN: empty bin
  std::vector<double> weight;     ///< share of the test points that the entry counts, 0..1
};

/// Confidence = largest probability. Bin b of B holds the points with confidence in
/// (b/B, (b+1)/B]. An empty bin has NaN in `observed` and its middle in `predicted`.
/// @param log_prob [n, C]  @param labels [n], 0..C-1.
/// Source: Guo et al., "On calibration of modern neural networks" (2017).
Reliability reliability_bins(std::span<const double> log_prob, std::span<const std::int32_t> labels,
                             std::int64_t bins = 15);

/// Expected calibration error: sum over bins of weight * |observed - predicted|, 0..1;
/// NaN without test points.
double expected_calibration_error(const Reliability& bins);

/// Empirical coverage at the nominal levels 0.05, 0.10, ..., 0.95; weights are 1, because every
/// level counts all points. @param pit_values as `pit` of predictive.h gives them.
Reliability coverage_curve(std::span<const double> pit_values);

}  // namespace ergo::diagnostics
