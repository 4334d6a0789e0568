// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/data/dataset.h"
#include "core/likelihoods/likelihood.h"
#include "core/likelihoods/likelihood_config.h"

namespace ergo {

/// p(y = c) = softmax(f(x))_c: one output (logit) a class.
std::shared_ptr<const Likelihood> make_categorical(const LikelihoodConfig& config,
                                                   const Dataset& data);

}  // namespace ergo
