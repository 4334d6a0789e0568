// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/diagnostics/gaussian_draws.h"

/// How different the draws of one sampler predict. K draws, n inputs, C classes; row-major; nats.
namespace ergo::diagnostics {

/// [K, K]: mean over inputs of KL(p_i || p_j) = sum_c p_ic (log p_ic - log p_jc); zero diagonal;
/// infinite where p_j has zero probability that p_i has not. @param log_prob [K, n, C].
std::vector<double> pairwise_kld(std::span<const float> log_prob, std::int64_t draws,
                                 std::int64_t points, std::int64_t classes);

/// [K, K]: mean over inputs and targets of KL(N(f_i, s_i^2) || N(f_j, s_j^2)) =
/// log(s_j / s_i) + (s_i^2 + (f_i - f_j)^2) / (2 s_j^2) - 1/2.
std::vector<double> pairwise_kld_gaussian(const GaussianDraws& draws);

/// Mean over the ordered pairs i != j of a [K, K] matrix; NaN when K < 2.
double mean_over_pairs(std::span<const double> matrix, std::int64_t draws);

/// Share of inputs on which two different draws name different classes, mean over pairs; NaN when
/// K < 2 or n = 0. @param log_prob [K, n, C].
double pairwise_disagreement(std::span<const float> log_prob, std::int64_t draws,
                             std::int64_t points, std::int64_t classes);

}  // namespace ergo::diagnostics
