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

}  // namespace ergo::diagnostics
