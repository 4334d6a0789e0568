// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/chain_noise.h"

#include "core/base/noise.h"

namespace ergo {

torch::Tensor chain_noise(RngKey key, const ChainState& state) {
  const auto options = state.position.options().device(torch::kCPU);
  torch::Tensor noise = torch::empty(state.position.sizes(), options);
  const std::int64_t chains = noise.size(0), params = noise.size(1);
  for (std::int64_t c = 0; c < chains; ++c) {
    const std::int64_t chain = state.first_chain + c;
    if (noise.scalar_type() == torch::kDouble) {
      fill_normal(key, chain, state.step + 1, params, noise.data_ptr<double>() + c * params);
    } else {
      fill_normal(key, chain, state.step + 1, params, noise.data_ptr<float>() + c * params);
    }
  }
  return noise.to(state.position.device());
}

bool runs_as_loop(const torch::Tensor& position) {
  const auto type = position.scalar_type();
  return position.device().is_cpu() && position.is_contiguous() &&
         (type == torch::kFloat || type == torch::kDouble);
}

}  // namespace ergo
