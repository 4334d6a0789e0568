// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/learned_sampler.h"

#include <stdexcept>

namespace ergo {

ChainState LearnedSampler::differentiable_step(const torch::Tensor&, RngKey, const ChainState&,
                                               Potential&, const SamplerContext&) const {
  throw std::logic_error("this sampler has no differentiable transition");
}

}  // namespace ergo
