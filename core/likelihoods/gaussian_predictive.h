// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <memory>

#include "core/data/dataset.h"
#include "core/likelihoods/predictive.h"

namespace ergo {

/// Noise sd of target t of example i in standardised units.
using NoiseSd = std::function<double(const OutputView<float>& f, const float* own,
                                     std::int64_t example, std::int64_t target)>;

/// Predictive of a Gaussian likelihood with any noise: mean f_t(x), sd as `noise` says. Measures
/// "nll" (of a row, its targets together), "rmse", "coverage_90" and "kld" (averaged over targets),
/// original units.
std::unique_ptr<Predictive> make_gaussian_predictive(const Split& split,
                                                     const Standardisation& scale, NoiseSd noise);

}  // namespace ergo
