// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/diagnostics/gaussian_draws.h"

/// Scores of a pooled predictive. K draws with equal weights, n test points, C classes; natural
/// logarithms; arrays are row-major. Every score is NaN when K or n is 0. Any thread.
namespace ergo::diagnostics {

/// -mean_i log (1/K) sum_k prod_t N(y_it; f_kit, sd_kit^2), nats: the targets of a row together.
/// @param y [n, T]
double gaussian_nll(const GaussianDraws& draws, std::span<const double> y);

/// Root mean square of y minus the mean over draws; of several targets the mean of theirs.
double rmse(const GaussianDraws& draws, std::span<const double> y);

/// Probability integral transform [n, T]: the mixture's distribution function at y,
/// (1/K) sum_k Phi((y_it - f_kit) / sd_kit), in [0, 1].
std::vector<double> pit(const GaussianDraws& draws, std::span<const double> y);

/// Share of test points inside the central interval of probability `level` of the mixture, noise
/// included. The interval lies between exact quantiles of the mixture, so y is inside if and only
/// if |pit - 1/2| <= level/2.
double coverage(std::span<const double> pit_values, double level);

/// log (1/K) sum_k p_k(c | x_i), [n, C]. @param log_prob [K, n, C].
std::vector<double> bma_log_prob(std::span<const float> log_prob, std::int64_t draws,
                                 std::int64_t points, std::int64_t classes);

/// Share of points whose most probable class is the label (of equals, the first). The three below
/// take log probabilities [n, C] and labels [n] in 0..C-1.
double accuracy(std::span<const double> log_prob, std::span<const std::int32_t> labels);

/// -mean log p(label), nats.
double nll(std::span<const double> log_prob, std::span<const std::int32_t> labels);

/// mean_i sum_c (p_ic - 1[y_i = c])^2, 0 to 2.
double brier(std::span<const double> log_prob, std::span<const std::int32_t> labels);

}  // namespace ergo::diagnostics
