// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <string>
#include <vector>

/// Several chains of one scalar, and what R-hat and ESS are made of.
/// Source: Vehtari, Gelman, Simpson, Carpenter and Buerkner, "Rank-normalization, folding, and
/// localization: an improved R-hat" (Bayesian Analysis 2021), as ArviZ computes it.
namespace ergo::diagnostics {

/// chains[m][t]: draw t of chain m. All chains are equally long.
using Chains = std::vector<std::vector<double>>;

/// What keeps a number of some chains from existing.
enum class Flaw { none, one_chain, short_chains, not_finite, constant, stuck };
/// "it needs two chains", "all draws are equal", ...; empty for none.
std::string to_string(Flaw flaw);

inline constexpr std::size_t least_draws = 4;  ///< a chain, so that its halves have a variance

/// short_chains, not_finite, constant or none. @throws std::invalid_argument when the chains are
/// not equally long.
Flaw flaw_of(const Chains& chains);

/// First halves, then second halves, so that a drift within a chain shows as a difference between
/// two. Of an odd number of draws the one in the middle is left out.
Chains split(const Chains& chains);

/// |x - median of all|, so that chains which differ in spread differ in their means.
Chains folded(Chains chains);

std::vector<double> pooled(const Chains& chains);
double mean_of(const std::vector<double>& values);
double variance_of(const std::vector<double>& values);  ///< divisor n - 1
std::vector<double> means_of(const Chains& chains);

/// Linear interpolation between order statistics, 0 <= p <= 1.
double quantile(std::vector<double> values, double p);

}  // namespace ergo::diagnostics
