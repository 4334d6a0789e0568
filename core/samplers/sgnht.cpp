// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/sgnht.h"

#include "core/base/torch.h"
#include "core/kernels/leapfrog.h"
#include "core/kernels/sghmc_step.h"
#include "core/samplers/chain_noise.h"
#include "core/samplers/sghmc.h"

namespace ergo {
namespace {

class Sgnht final : public Sampler {
 public:
  explicit Sgnht(const SgnhtConfig& config)
      : config_(config),
        noise_scale_(
            SghmcUpdate{config.step_size, config.friction, config.temperature}.noise_scale()) {}

  ChainState init(torch::Tensor position, std::int64_t first_chain) const override {
    ChainState state = Sampler::init(std::move(position), first_chain);
    state.extra = {
        torch::full({state.position.size(0)}, config_.friction, state.position.options())};
    return state;
  }

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    const Evaluation& evaluation = potential.evaluate(state.position);
    if (runs_as_loop(state.position) && state.position.scalar_type() == torch::kFloat)
      update_rows(key, state, evaluation.grad);
    else
      update_plain(key, state, evaluation.grad);
    ++state.step;
    state.gradient_evaluations += state.position.size(0);
    return {evaluation.potential, config_.step_size};
  }

  std::map<std::string, double> info(const ChainState& state) const override {
    return {{"thermostat", state.extra[0].mean().item<double>()}};
  }

 private:
  /// SGHMC's one pass over memory, with a friction of each chain's own.
  void update_rows(RngKey key, ChainState& state, const torch::Tensor& grad) const {
    const std::int64_t chains = state.position.size(0), params = state.position.size(1);
    float* xi = state.extra[0].data_ptr<float>();
    for (std::int64_t c = 0; c < chains; ++c) {
      float* momentum = state.momentum.data_ptr<float>() + c * params;
      sghmc_step({static_cast<float>(config_.step_size), xi[c], static_cast<float>(noise_scale_)},
                 {key.value, static_cast<std::uint32_t>(state.first_chain + c),
                  static_cast<std::uint64_t>(state.step + 1)},
                 params, grad.data_ptr<float>() + c * params,
                 state.position.data_ptr<float>() + c * params, momentum);
      const double heat = 2.0 * kinetic_energy(momentum, params) / static_cast<double>(params);
      xi[c] += static_cast<float>(rate() * (heat - config_.temperature));
    }
  }

  void update_plain(RngKey key, ChainState& state, const torch::Tensor& grad) const {
    torch::Tensor& xi = state.extra[0];
    const torch::Tensor force = grad + state.momentum * xi.unsqueeze(1);
    state.momentum.sub_(force, config_.step_size);
    if (noise_scale_ > 0) state.momentum.add_(chain_noise(key, state), noise_scale_);
    state.position.add_(state.momentum, config_.step_size);
    xi.add_(state.momentum.square().mean(1) - config_.temperature, rate());
  }

  double rate() const { return config_.thermostat_rate * config_.step_size; }

  SgnhtConfig config_;
  double noise_scale_;
};

}  // namespace

std::unique_ptr<Sampler> make_sgnht(const SgnhtConfig& config, const SamplerContext&) {
  return std::make_unique<Sgnht>(config);
}

}  // namespace ergo
