// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/psgld.h"

#include <cmath>

#include "core/base/torch.h"
#include "core/kernels/psgld_step.h"
#include "core/samplers/chain_noise.h"

namespace ergo {
namespace {

class Psgld final : public Sampler {
 public:
  explicit Psgld(const PsgldConfig& config)
      : config_(config), noise_scale_(std::sqrt(2.0 * config.step_size * config.temperature)) {}

  ChainState init(torch::Tensor position, std::int64_t first_chain) const override {
    ChainState state = Sampler::init(std::move(position), first_chain);
    state.extra = {torch::zeros_like(state.position)};
    return state;
  }

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    const Evaluation& evaluation = potential.evaluate(state.position);
    const double per_datum = 1.0 / static_cast<double>(potential.data_count());
    if (runs_as_loop(state.position) && state.position.scalar_type() == torch::kFloat)
      update_rows(key, state, evaluation.grad, per_datum);
    else
      update_plain(key, state, evaluation.grad, per_datum);
    ++state.step;
    state.gradient_evaluations += state.position.size(0);
    return {evaluation.potential, config_.step_size};
  }

  std::map<std::string, double> info(const ChainState& state) const override {
    return {{"preconditioner", preconditioner(state.extra[0]).mean().item<double>()}};
  }

 private:
  torch::Tensor preconditioner(const torch::Tensor& squares) const {
    return (squares.sqrt() + config_.stabiliser).reciprocal();
  }

  void update_rows(RngKey key, ChainState& state, const torch::Tensor& grad,
                   double per_datum) const {
    const PsgldStepNumbers numbers{static_cast<float>(config_.step_size),
                                   static_cast<float>(config_.decay),
                                   static_cast<float>(config_.stabiliser),
                                   static_cast<float>(per_datum), static_cast<float>(noise_scale_)};
    const std::int64_t chains = state.position.size(0), params = state.position.size(1);
    for (std::int64_t c = 0; c < chains; ++c) {
      psgld_step(numbers,
                 {key.value, static_cast<std::uint32_t>(state.first_chain + c),
                  static_cast<std::uint64_t>(state.step + 1)},
                 params, grad.data_ptr<float>() + c * params,
                 state.position.data_ptr<float>() + c * params,
                 state.extra[0].data_ptr<float>() + c * params);
    }
  }

  void update_plain(RngKey key, ChainState& state, const torch::Tensor& grad,
                    double per_datum) const {
    torch::Tensor& squares = state.extra[0];
    squares.mul_(config_.decay).add_((grad * per_datum).square(), 1.0 - config_.decay);
    const torch::Tensor g = preconditioner(squares);
    state.position.sub_(g * grad, config_.step_size);
    if (noise_scale_ > 0) state.position.add_(g.sqrt() * chain_noise(key, state), noise_scale_);
  }

  PsgldConfig config_;
  double noise_scale_;
};

}  // namespace

std::unique_ptr<Sampler> make_psgld(const PsgldConfig& config, const SamplerContext&) {
  return std::make_unique<Psgld>(config);
}

}  // namespace ergo
