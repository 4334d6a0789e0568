// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace ergo::diagnostics {

/// How far the moments of K draws are from known ones, in units of the true sd:
/// "mean_error" = max_j |mean_k x_kj - mean_j| / sd_j and "sd_error" = max_j |s_j / sd_j - 1| with
/// the sample sd s_j (divisor K - 1). NaN with fewer than two draws.
/// @param x [K, d] row-major  @param mean, sd [d]
std::map<std::string, double> moment_errors(std::span<const float> x, std::int64_t draws,
                                            std::span<const double> mean,
                                            std::span<const double> sd);

}  // namespace ergo::diagnostics
