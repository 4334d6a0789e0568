// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/sghmc.h"

#include "core/kernels/sghmc_step.h"
#include "core/samplers/chain_noise.h"
#include "core/samplers/device_steps.h"

namespace ergo {
namespace {

class Sghmc final : public Sampler {
 public:
  explicit Sghmc(const SghmcConfig& config)
      : update_{config.step_size, config.friction, config.temperature} {}

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    return sghmc_transition(key, state, potential, update_);
  }
  bool repeats(const ChainState& state) const override { return runs_on_device(state.position); }

 private:
  SghmcUpdate update_;
};

}  // namespace

void sghmc_update_plain(ChainState& state, const torch::Tensor& grad, const torch::Tensor& noise,
                        const SghmcUpdate& update) {
  const torch::Tensor force = grad + state.momentum * update.friction;
  state.momentum.sub_(force, update.step_size);
  if (noise.defined()) state.momentum.add_(noise, update.noise_scale());
  state.position.add_(state.momentum, update.step_size);
}

void sghmc_update_fused(ChainState& state, const torch::Tensor& grad, RngKey key,
                        const SghmcUpdate& update) {
  const SghmcStepNumbers numbers{static_cast<float>(update.step_size),
                                 static_cast<float>(update.friction),
                                 static_cast<float>(update.noise_scale())};
  const std::int64_t chains = state.position.size(0), params = state.position.size(1);
  for (std::int64_t c = 0; c < chains; ++c) {
    const NoiseCounter noise{key.value, static_cast<std::uint32_t>(state.first_chain + c),
                             static_cast<std::uint64_t>(state.step + 1)};
    sghmc_step(numbers, noise, params, grad.data_ptr<float>() + c * params,
               state.position.data_ptr<float>() + c * params,
               state.momentum.data_ptr<float>() + c * params);
  }
}

TransitionInfo sghmc_transition(RngKey key, ChainState& state, Potential& potential,
                                const SghmcUpdate& update) {
  const Evaluation& evaluation = potential.evaluate(state.position);
  if (runs_as_loop(state.position) && state.position.scalar_type() == torch::kFloat) {
    sghmc_update_fused(state, evaluation.grad, key, update);
  } else if (runs_on_device(state.position)) {
    sghmc_update_device(state, evaluation.grad, key, update);
  } else {
    torch::Tensor noise;
    if (update.noise_scale() > 0) noise = chain_noise(key, state);
    sghmc_update_plain(state, evaluation.grad, noise, update);
  }
  ++state.step;
  state.gradient_evaluations += state.position.size(0);
  return {evaluation.potential, update.step_size};
}

std::unique_ptr<Sampler> make_sghmc(const SghmcConfig& config, const SamplerContext&) {
  return std::make_unique<Sghmc>(config);
}

}  // namespace ergo
