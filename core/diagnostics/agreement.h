// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>

/// How far two class predictives of the same n points are from each other: p and q hold
/// probabilities [n, C], row-major. NaN when n is 0. Any thread.
namespace ergo::diagnostics {

/// Share of points at which the most probable class is the same (of equals, the first).
double top1_agreement(std::span<const double> p, std::span<const double> q, std::int64_t classes);

/// Mean over the points of 1/2 sum_c |p_c - q_c|, 0 to 1.
double total_variation(std::span<const double> p, std::span<const double> q, std::int64_t classes);

}  // namespace ergo::diagnostics
