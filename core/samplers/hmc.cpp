// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/hmc.h"

#include <algorithm>
#include <cmath>

#include "core/base/rng.h"
#include "core/kernels/leapfrog.h"
#include "core/samplers/chain_noise.h"

namespace ergo {
namespace {

/// state.extra. `gradient`: grad U at state.position, from the transition that led there.
enum Extra { figures = 0, gradient = 1 };

/// Columns of the figures, [chains, slots] float64. `potential_here`: U at state.position.
enum Slot { log_step, log_step_sum, log_step_weight, acceptance_sum, potential_here, slots };

double kinetic(const torch::Tensor& momentum) {
  const torch::Tensor r = momentum.cpu().contiguous();
  return r.scalar_type() == torch::kDouble ? kinetic_energy(r.data_ptr<double>(), r.numel())
                                           : kinetic_energy(r.data_ptr<float>(), r.numel());
}

/// y += a x. On the CPU not LibTorch's, whose bits depend on the instruction set that it chooses.
void add(torch::Tensor& y, const torch::Tensor& x, double a) {
  if (!runs_as_loop(y) || !runs_as_loop(x) || x.scalar_type() != y.scalar_type())
    y.add_(x, a);
  else if (y.scalar_type() == torch::kDouble)
    add_scaled(a, x.data_ptr<double>(), y.data_ptr<double>(), y.numel());
  else
    add_scaled(static_cast<float>(a), x.data_ptr<float>(), y.data_ptr<float>(), y.numel());
}

class Hmc final : public Sampler {
 public:
  Hmc(const HmcConfig& config, std::int64_t burn_in) : config_(config), burn_in_(burn_in) {}

  ChainState init(torch::Tensor position, std::int64_t first_chain) const override {
    TORCH_CHECK(position.size(0) == 1, "HMC moves one chain per call");
    ChainState state = Sampler::init(std::move(position), first_chain);
    torch::Tensor slot = torch::zeros({1, slots}, torch::kDouble);
    slot[0][log_step] = std::log(config_.step_size);
    state.extra = {slot, torch::zeros_like(state.position)};
    return state;
  }

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    double* slot = state.extra[figures].data_ptr<double>();
    if (state.step == 0) evaluate_start(state, potential);
    const double eps = std::exp(slot[log_step]);
    ScalarStream uniform(key.fold_in(static_cast<std::uint64_t>(state.first_chain))
                             .fold_in(static_cast<std::uint64_t>(state.step)));
    const std::int64_t steps = leapfrog_steps(uniform.uniform(), eps);

    torch::Tensor position = state.position.clone(), grad = state.extra[gradient].clone();
    torch::Tensor momentum = chain_noise(key, state);
    const double here = slot[potential_here];
    const double start = here + kinetic(momentum);
    const double there = leapfrog(position, momentum, grad, eps, steps, potential);
    const double change = there + kinetic(momentum) - start;
    const double acceptance = std::isfinite(change) ? std::min(1.0, std::exp(-change)) : 0.0;
    if (uniform.uniform() < acceptance) {
      state.position.copy_(position);
      state.extra[gradient].copy_(grad);
      slot[potential_here] = there;
    }

    ++state.step;
    state.gradient_evaluations += steps;
    record(slot, acceptance, state.step);
    return {torch::full({1}, here, torch::kDouble), eps};
  }

  std::map<std::string, double> info(const ChainState& state) const override {
    const double* slot = state.extra[figures].data_ptr<double>();
    const auto kept = static_cast<double>(std::max<std::int64_t>(1, state.step - burn_in_));
    return {{"acceptance", slot[acceptance_sum] / kept}, {"step_size", std::exp(slot[log_step])}};
  }

  bool needs_full_batch() const override { return true; }
  bool moves_many() const override { return false; }

 private:
  /// The one evaluation of a chain that no leapfrog step makes.
  static void evaluate_start(ChainState& state, Potential& potential) {
    const Evaluation& evaluation = potential.evaluate(state.position);
    state.extra[gradient].copy_(evaluation.grad);
    state.extra[figures].data_ptr<double>()[potential_here] = evaluation.potential.item<double>();
    ++state.gradient_evaluations;
  }

  std::int64_t leapfrog_steps(double u, double eps) const {
    const double length = config_.trajectory_length * (1.0 - config_.jitter * u);
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(length / eps)), 1,
                                    config_.max_leapfrog);
  }

  void record(double* slot, double acceptance, std::int64_t t) const {
    if (t > burn_in_) {
      slot[acceptance_sum] += acceptance;
      return;
    }
    if (config_.target_acceptance == 0) return;
    const double gain = std::pow(static_cast<double>(t), -0.6);
    slot[log_step] += gain * (acceptance - config_.target_acceptance);
    if (2 * t > burn_in_) {
      slot[log_step_sum] += gain * slot[log_step];
      slot[log_step_weight] += gain;
    }
    if (t == burn_in_) slot[log_step] = slot[log_step_sum] / slot[log_step_weight];
  }

  HmcConfig config_;
  std::int64_t burn_in_;
};

}  // namespace

double leapfrog(torch::Tensor& position, torch::Tensor& momentum, torch::Tensor& grad, double eps,
                std::int64_t steps, Potential& potential) {
  TORCH_CHECK(steps > 0, "leapfrog needs a step");
  add(momentum, grad, -0.5 * eps);
  for (std::int64_t i = 1; i < steps; ++i) {
    add(position, momentum, eps);
    add(momentum, potential.evaluate(position).grad, -eps);
  }
  add(position, momentum, eps);
  const Evaluation& end = potential.evaluate(position);
  add(momentum, end.grad, -0.5 * eps);
  grad.copy_(end.grad);
  return end.potential.item<double>();
}

std::unique_ptr<Sampler> make_hmc(const HmcConfig& config, const SamplerContext& context) {
  return std::make_unique<Hmc>(config, context.burn_in);
}

}  // namespace ergo
