// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <limits>

#include "core/diagnostics/chains.h"

namespace ergo::diagnostics {

/// An effective number of draws. Of S draws it is at most S log10(S), which antithetic chains reach
/// by chance: then it is a bound of ArviZ's, not an estimate.
struct Ess {
  double value = std::numeric_limits<double>::quiet_NaN();
  bool capped = false;
};

/// S / tau of split chains (or of a function of each of their draws), tau = 1 + 2 sum of the
/// autocorrelations up to where Geyer's initial monotone sequence ends; S for a constant.
Ess ess_of(const Chains& sequences);

/// The smaller one of the indicators x <= q05 and x <= q95. @pre no flaw
Ess tail_ess(const Chains& chains);

/// Monte Carlo standard error of the mean: sd of all draws / sqrt(ESS of the split chains), in
/// units of the scalar. @pre no flaw  @param halves split(chains)
double mcse_mean(const Chains& chains, const Chains& halves);

/// The same for whole chains; bulk: of the normal scores of the split chains. NaN where flaw_of()
/// finds a flaw, for a constant too, of which ArviZ says S.
double ess_bulk(const Chains& chains);
double ess_tail(const Chains& chains);
double mcse_mean(const Chains& chains);

}  // namespace ergo::diagnostics
