// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <vector>

#include "core/data/dataset.h"
#include "core/likelihoods/likelihood.h"
#include "core/likelihoods/likelihood_config.h"

namespace ergo {

/// Sd of the noise of each target, standardised units: config.noise_sd, or, where that is 0, 0.3 of
/// the sd of the training targets.
std::vector<double> noise_sds(const LikelihoodConfig& config, const Dataset& data);

/// y_t ~ N(f_t(x), sd^2) with the given sd (noise_sds), the same for all
/// targets. One output a target.
std::shared_ptr<const Likelihood> make_gaussian(const LikelihoodConfig& config,
                                                const Dataset& data);

}  // namespace ergo
