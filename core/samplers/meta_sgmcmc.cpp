// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/meta_sgmcmc.h"

#include <cmath>
#include <utility>

#include "core/base/torch.h"
#include "core/config/find_file.h"
#include "core/kernels/nnsghmc_step.h"
#include "core/samplers/chain_noise.h"

namespace ergo {
namespace {

NnsghmcColumns columns_of(const NnsghmcNetwork& net) {
  NnsghmcColumns out;
  std::vector<float>* const columns[] = {&out.energy, &out.momentum, &out.gradient};
  for (std::int64_t k = 0; k < net.hidden; ++k) {
    for (std::int64_t input = 0; input < net.inputs; ++input)
      columns[input]->push_back(net.w0[static_cast<std::size_t>(k * net.inputs + input)]);
  }
  out.bias = net.b0;
  out.out = net.w1;
  out.out_bias = net.b1.front();
  return out;
}

class MetaSgmcmc final : public Sampler {
 public:
  MetaSgmcmc(const NnsghmcParameters& parameters, const MetaSgmcmcUpdate& update,
             std::int64_t data_count)
      : phi_(torch::tensor(parameters.flat()), parameters),
        q_(columns_of(parameters.q)),
        d_(columns_of(parameters.d)),
        update_(update),
        data_count_(data_count) {}

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    const Evaluation& evaluation = potential.evaluate(state.position);
    if (runs_as_loop(state.position) && state.position.scalar_type() == torch::kFloat) {
      move_rows(key, state, evaluation);
      ++state.step;
      state.gradient_evaluations += state.position.size(0);
    } else {
      torch::Tensor noise;
      if (update_.temperature > 0) noise = chain_noise(key, state);
      state = meta_sgmcmc_transition(state, evaluation.potential, evaluation.grad, noise, phi_,
                                     update_, data_count_);
    }
    return {evaluation.potential, update_.step_size};
  }

 private:
  void move_rows(RngKey key, ChainState& state, const Evaluation& evaluation) const {
    NnsghmcStepNumbers numbers{static_cast<float>(update_.step_size),
                               static_cast<float>(update_.temperature),
                               static_cast<float>(phi_.friction),
                               static_cast<float>(phi_.q_constant),
                               1.0f / static_cast<float>(data_count_),
                               0.0f,
                               update_.gamma};
    const std::int64_t chains = state.position.size(0), params = state.position.size(1);
    for (std::int64_t c = 0; c < chains; ++c) {
      numbers.energy = evaluation.potential[c].item<float>() / static_cast<float>(data_count_);
      nnsghmc_step(q_, d_, numbers,
                   {key.value, static_cast<std::uint32_t>(state.first_chain + c),
                    static_cast<std::uint64_t>(state.step + 1)},
                   params, evaluation.grad.data_ptr<float>() + c * params,
                   state.position.data_ptr<float>() + c * params,
                   state.momentum.data_ptr<float>() + c * params);
    }
  }

  NnsghmcTensors phi_;
  NnsghmcColumns q_, d_;
  MetaSgmcmcUpdate update_;
  std::int64_t data_count_;
};

}  // namespace

ChainState meta_sgmcmc_transition(const ChainState& state, const torch::Tensor& potential,
                                  const torch::Tensor& grad, const torch::Tensor& noise,
                                  const NnsghmcTensors& phi, const MetaSgmcmcUpdate& update,
                                  std::int64_t data_count) {
  const double per_datum = 1.0 / static_cast<double>(data_count);
  const double drift = update.gamma ? update.temperature : 0.0;
  const torch::Tensor u = potential.detach().reshape({-1, 1}) * per_datum;
  const torch::Tensor g = grad * per_datum, &p = state.momentum;
  const NnsghmcQ q = nnsghmc_q(phi, u, p);
  const NnsghmcD d = nnsghmc_d(phi, u, p, g, q);
  ChainState next = state;
  const torch::Tensor force =
      q.value * grad + d.value * p - (q.by_energy * g + d.by_momentum) * drift;
  next.momentum = p - force * update.step_size;
  if (noise.defined()) {
    next.momentum =
        next.momentum + (d.value * (2.0 * update.step_size * update.temperature)).sqrt() * noise;
  }
  const NnsghmcQ then = nnsghmc_q(phi, u, next.momentum);
  next.position =
      state.position + (then.value * next.momentum - then.by_momentum * drift) * update.step_size;
  ++next.step;
  next.gradient_evaluations += state.position.size(0);
  return next;
}

std::unique_ptr<Sampler> make_meta_sgmcmc(const NnsghmcParameters& parameters, double temperature,
                                          bool gamma, const SamplerContext& context) {
  const double eps =
      std::sqrt(parameters.step_multiplier / static_cast<double>(context.data_count));
  return std::make_unique<MetaSgmcmc>(parameters, MetaSgmcmcUpdate{eps, temperature, gamma},
                                      context.data_count);
}

std::unique_ptr<Sampler> make_meta_sgmcmc(const MetaSgmcmcConfig& config,
                                          const SamplerContext& context) {
  NnsghmcParameters parameters = load_nnsghmc(
      require_file("meta_sgmcmc.meta_parameters", config.meta_parameters, context.folders));
  if (context.warnings) {
    context.warnings->insert(context.warnings->end(), parameters.warnings.begin(),
                             parameters.warnings.end());
  }
  if (config.step_multiplier >= 0) parameters.step_multiplier = config.step_multiplier;
  if (config.friction >= 0) parameters.friction = config.friction;
  return make_meta_sgmcmc(parameters, config.temperature, config.gamma, context);
}

}  // namespace ergo
