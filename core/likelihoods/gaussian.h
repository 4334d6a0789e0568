// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/data/dataset.h"
#include "core/likelihoods/likelihood.h"
#include "core/likelihoods/likelihood_config.h"

namespace ergo {

/// y_t ~ N(f_t(x), sd^2) with the given sd (config.noise_sd, original units), the same for all
/// targets. One output a target.
std::shared_ptr<const Likelihood> make_gaussian(const LikelihoodConfig& config,
                                                const Dataset& data);

}  // namespace ergo
