// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "core/run/chain.h"
#include "core/run/convergence.h"

namespace ergo {

/// Convergence of one sampler's chains, those without divergence, after they have ended: in
/// function space from their records, in weight space from their kept draws. Does not depend on
/// `workers`.
SamplerConvergence diagnose(const Experiment& experiment, const SamplerPlan& plan,
                            const std::vector<Chain*>& chains, int workers);

}  // namespace ergo
