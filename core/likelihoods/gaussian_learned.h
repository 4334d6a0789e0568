// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/data/dataset.h"
#include "core/likelihoods/likelihood.h"
#include "core/likelihoods/likelihood_config.h"

namespace ergo {

/// y_t ~ N(f_t(x), s_t^2) with a noise that is sampled with everything else. One log sd a target as
/// a parameter block `log_noise` [targets], prior N(log noise_sd, 1), in standardised units of the
/// targets; or, with `input_dependent`, s_t(x) = noise_sd exp(h_t(x)) with a second output h_t of
/// the network a target (outputs f_1..f_T, h_1..h_T), whose prior is the network's.
std::shared_ptr<const Likelihood> make_gaussian_learned(const LikelihoodConfig& config,
                                                        const Dataset& data);

}  // namespace ergo
