// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace ergo::diagnostics {

/// 1-D Wasserstein-1 distance of two samples of any sizes with equal weights: the integral over the
/// line of |F_a - F_b|, exact; in the units of the samples. NaN when a sample is empty or not
/// finite.
double wasserstein(std::vector<double> a, std::vector<double> b);

/// Mean over G grid points of the distance between column g of f [K, G] and of g [M, G], row-major.
/// NaN when K, M or G is 0.
double mean_wasserstein(std::span<const double> f, std::int64_t f_draws, std::span<const double> g,
                        std::int64_t g_draws, std::int64_t grid);

}  // namespace ergo::diagnostics
