// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>

#include "core/events/events.h"

namespace ergo::diagnostics {

/// Mean and pointwise quantiles (linear interpolation between order statistics) of K functions on G
/// points, and up to 8 of the functions, evenly chosen from first to last. Empty when K is 0.
/// @param f [K, G] row-major.
Band band_of(std::span<const double> f, std::int64_t draws, std::int64_t grid);

/// Fills band.y05 and y95: the 5 and 95 % quantiles of the mixture (1/K) sum_k N(f_k, sd_k^2) at
/// each point, to 1e-6 of its width. @param noise_sd [K, G], > 0
void add_noise_band(Band& band, std::span<const double> f, std::span<const double> noise_sd,
                    std::int64_t draws, std::int64_t grid);

}  // namespace ergo::diagnostics
