// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/sghmc.h"

#include "core/samplers/chain_noise.h"

namespace ergo {
namespace {

template <class T>
void update_loop(ChainState& state, const torch::Tensor& grad, const torch::Tensor& noise,
                 const SghmcUpdate& update) {
  T* theta = state.position.data_ptr<T>();
  T* r = state.momentum.data_ptr<T>();
  const T* g = grad.data_ptr<T>();
  const T* n = noise.defined() ? noise.data_ptr<T>() : nullptr;
  const T eps = static_cast<T>(update.step_size);
  const T friction = static_cast<T>(update.friction);
  const T scale = static_cast<T>(update.noise_scale());
  const std::int64_t count = state.position.numel();
  for (std::int64_t i = 0; i < count; ++i) {
    const T kick = n ? scale * n[i] : T(0);
    r[i] = r[i] - eps * (g[i] + friction * r[i]) + kick;
    theta[i] = theta[i] + eps * r[i];
  }
}

class Sghmc final : public Sampler {
 public:
  explicit Sghmc(const SghmcConfig& config)
      : update_{config.step_size, config.friction, config.temperature} {}

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    return sghmc_transition(key, state, potential, update_);
  }

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

void sghmc_update(ChainState& state, const torch::Tensor& grad, const torch::Tensor& noise,
                  const SghmcUpdate& update) {
  if (!runs_as_loop(state.position)) {
    sghmc_update_plain(state, grad, noise, update);
  } else if (state.position.scalar_type() == torch::kDouble) {
    update_loop<double>(state, grad, noise, update);
  } else {
    update_loop<float>(state, grad, noise, update);
  }
}

TransitionInfo sghmc_transition(RngKey key, ChainState& state, Potential& potential,
                                const SghmcUpdate& update) {
  const Evaluation& evaluation = potential.evaluate(state.position);
  torch::Tensor noise;
  if (update.noise_scale() > 0) noise = chain_noise(key, state);
  sghmc_update(state, evaluation.grad, noise, update);
  ++state.step;
  state.gradient_evaluations += state.position.size(0);
  return {evaluation.potential, update.step_size, true};
}

std::unique_ptr<Sampler> make_sghmc(const SghmcConfig& config, const SamplerContext&) {
  return std::make_unique<Sghmc>(config);
}

}  // namespace ergo
