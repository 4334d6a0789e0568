// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

/// Convergence of one scalar over several chains, as ArviZ computes it.
/// Source: Vehtari, Gelman, Simpson, Carpenter and Buerkner, "Rank-normalization, folding, and
/// localization: an improved R-hat" (Bayesian Analysis 2021).
namespace ergo::diagnostics {

/// chains[m][t]: all chains equally long. @throws std::invalid_argument when they are not.
using Chains = std::vector<std::vector<double>>;

/// Rank-normalised split R-hat, the larger of bulk and folded. NaN with fewer than 2 chains or 4
/// draws, and when a value is not finite.
double rhat(const Chains& chains);

/// Effective number of draws for the location, from split rank-normalised chains. NaN with fewer
/// than 4 draws or a value that is not finite; the number of draws for a constant.
double ess_bulk(const Chains& chains);

/// The smaller effective number of draws of the indicators x <= q05 and x <= q95. NaN as ess_bulk.
double ess_tail(const Chains& chains);

/// Phi^-1(p) for 0 < p < 1, to about 1e-15 relative.
double normal_quantile(double p);

}  // namespace ergo::diagnostics
