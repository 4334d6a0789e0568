// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "core/run/chain.h"
#include "core/run/reference.h"

namespace ergo {

/// The curve of one sampler: at each look of its plan that its chains have reached, what they had
/// cost and the measures of the draws that the collection rule keeps so far. The last point of a
/// run that was not stopped has the measures of its table. Does not depend on `workers`.
std::vector<CurvePoint> curve_of(const Experiment& experiment, const SamplerPlan& plan,
                                 const std::vector<Chain*>& chains, const Reference* reference,
                                 int workers);

}  // namespace ergo
