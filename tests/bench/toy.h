// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>

#include "core/posteriors/potentials.h"
#include "core/samplers/meta_parameters.h"
#include "core/samplers/sampler.h"

/// The problem that the targets name: foong's data, MLP tanh, float32, full batch.
namespace ergo::bench {

/// MLP 1-hidden-...-1; `points` training points.
Posterior toy_posterior(std::vector<std::int64_t> hidden = {50, 50}, std::int64_t points = 100);

/// A state in the middle of a run: momentum and averages are not zero.
ChainState stirred(const Sampler& sampler, const Posterior& posterior, std::uint64_t seed);

/// Random phi in which alpha and beta are as large as the gradient, so that a check sees both.
MetaParameters random_phi(std::uint64_t seed);
/// The phi that the toy presets use.
MetaParameters shipped_phi();

SamplerContext context_of(const Posterior& posterior);

}  // namespace ergo::bench
