// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/diagnostics/chains.h"
#include "core/diagnostics/normal_scores.h"

namespace ergo::diagnostics {

/// sqrt((B/W + n - 1) / n) of sequences of n draws, B = n var(means), W = mean of the variances.
/// Infinite or NaN where no sequence moves.
double plain_rhat(const Chains& sequences);

/// Rank-normalised split R-hat, the larger of bulk and folded. NaN with fewer than 2 chains and
/// where flaw_of() finds a flaw; infinite when no half of a chain moves.
double rhat(const Chains& chains);
/// The same from parts that the caller needs too. @pre 2 chains, no flaw
/// @param halves split(chains)  @param scores_of_halves scores.of(halves)
double rhat(const Chains& halves, const Chains& scores_of_halves, const NormalScores& scores);

/// Chain-wise R-hat: plain_rhat of the normal scores of a chain's two halves. It sees a drift, but
/// not what the chain never visits. NaN where flaw_of() finds a flaw; infinite when neither half
/// moves.
/// Source: Sommer et al. 2024, arXiv:2402.01484, whose code folds nothing either.
double chainwise_rhat(const std::vector<double>& chain);

}  // namespace ergo::diagnostics
