// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/l2e.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/noise.h"
#include "core/config/find_file.h"
#include "core/kernels/l2e_step.h"
#include "core/samplers/chain_noise.h"
#include "core/samplers/device_steps.h"

namespace ergo {
namespace {

/// g = grad U / n, and the averages moved on by it.
torch::Tensor observe_gradient(ChainState& state, const torch::Tensor& grad,
                               std::int64_t data_count) {
  torch::Tensor g = grad * (1.0 / static_cast<double>(data_count));
  for (std::size_t j = 0; j < l2e_decays.size(); ++j) {
    state.extra[0]
        .select(1, static_cast<std::int64_t>(j))
        .mul_(l2e_decays[j])
        .add_(g, 1 - l2e_decays[j]);
  }
  return g;
}

class L2e final : public Sampler {
 public:
  L2e(std::shared_ptr<const KineticGradient> kinetic, const L2eNumbers& numbers,
      const SamplerContext& context)
      : kinetic_(std::move(kinetic)), numbers_(numbers), data_count_(context.data_count) {}

  /// With the network itself, CPU chains in float32 take the fused path.
  L2e(const MetaParameters& phi, const SamplerContext& context)
      : kinetic_(make_network_kinetic(phi)),
        fused_(std::in_place, phi),
        numbers_(phi, context),
        data_count_(context.data_count) {}

  ChainState init(torch::Tensor position, std::int64_t first_chain) const override {
    return l2e_state(std::move(position), first_chain);
  }

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    const Evaluation& evaluation = potential.evaluate(state.position);
    const L2eUpdate update = numbers_.at(state.step + 1);
    const bool fused =
        fused_ && runs_as_loop(state.position) && state.position.scalar_type() == torch::kFloat;
    if (fused) {
      l2e_update_fused(state, evaluation.grad, key, *fused_, update, data_count_,
                       potential.layout());
    } else if (repeats(state)) {
      l2e_update_device(state, evaluation.grad, key, {{&fused_->network}, {update}, {data_count_}},
                        potential.layout());
    } else {
      torch::Tensor noise;
      if (update.noise_scale > 0) noise = chain_noise(key, state);
      l2e_update(state, evaluation.grad, noise, *kinetic_, update, data_count_, potential.layout());
    }
    ++state.step;
    state.gradient_evaluations += state.position.size(0);
    return {evaluation.potential, update.step_size};
  }

  bool stationary() const override { return numbers_.constant(); }

  /// What a device repeats has the numbers of one transition.
  bool repeats(const ChainState& state) const override {
    return fused_ && numbers_.constant() && runs_on_device(state.position) &&
           fits_device(fused_->network);
  }

 private:
  std::shared_ptr<const KineticGradient> kinetic_;
  std::optional<FusedL2e> fused_;
  L2eNumbers numbers_;
  std::int64_t data_count_;
};

}  // namespace

L2eUpdate l2e_numbers(const L2eDynamics& phi, std::int64_t data_count) {
  L2eUpdate update;
  update.data_size = phi.data_size > 0 ? phi.data_size : static_cast<double>(data_count);
  update.step_size = std::sqrt(phi.step_multiplier / update.data_size);
  update.friction = phi.friction;
  const double eps = phi.noise_form == NoiseForm::paper ? update.step_size : 1.0;
  update.noise_scale = std::sqrt(2.0 * phi.friction * eps * phi.noise_multiplier);
  return update;
}

L2eNumbers::L2eNumbers(const L2eDynamics& phi, const SamplerContext& context)
    : update_(l2e_numbers(phi, context.data_count)),
      noise_goes_by_eps_(phi.noise_form == NoiseForm::paper) {
  if (phi.schedule == StepSchedule::cosine) decay_.emplace(1.0, context.total_steps, 1);
}

L2eUpdate L2eNumbers::at(std::int64_t t) const {
  L2eUpdate update = update_;
  if (!decay_) return update;
  const double share = decay_->step_size(t);
  update.step_size *= share;
  if (noise_goes_by_eps_) update.noise_scale *= std::sqrt(share);
  return update;
}

void l2e_update(ChainState& state, const torch::Tensor& grad, const torch::Tensor& noise,
                const KineticGradient& kinetic, const L2eUpdate& update, std::int64_t data_count,
                const ParameterLayout& layout) {
  const torch::Tensor g = observe_gradient(state, grad, data_count);
  torch::Tensor alpha = torch::empty_like(grad), beta = torch::empty_like(grad);
  const KineticInputs inputs{g, state.position, state.momentum, state.extra[0], layout};
  kinetic.evaluate(inputs, &alpha, beta);
  alpha.add_(beta, update.friction).add_(g, update.data_size);
  state.momentum.sub_(alpha, update.step_size);
  if (noise.defined()) state.momentum.add_(noise, update.noise_scale);
  kinetic.evaluate(inputs, nullptr, beta);
  state.position.add_(beta, update.step_size);
}

ChainState l2e_state(torch::Tensor position, std::int64_t first_chain) {
  ChainState state;
  state.momentum = torch::zeros_like(position);
  state.extra.push_back(
      torch::zeros({position.size(0), l2e_averages, position.size(1)}, position.options()));
  state.position = std::move(position);
  state.first_chain = first_chain;
  return state;
}

ChainState l2e_transition(const ChainState& state, const torch::Tensor& grad,
                          const torch::Tensor& noise, const DifferentiableKinetic& kinetic,
                          const L2eUpdate& update, std::int64_t data_count,
                          const ParameterLayout& layout) {
  const torch::Tensor g = grad * (1.0 / static_cast<double>(data_count));
  const torch::Tensor decay =
      torch::tensor(std::vector<double>(l2e_decays.begin(), l2e_decays.end()), g.options())
          .reshape({1, l2e_averages, 1});
  ChainState next = state;
  next.extra = {state.extra[0] * decay + g.unsqueeze(1) * (1.0 - decay)};
  const KineticOutputs now = kinetic({g, state.position, state.momentum, next.extra[0], layout});
  next.momentum = state.momentum - (now.alpha + now.beta * update.friction + g * update.data_size) *
                                       update.step_size;
  if (noise.defined()) next.momentum = next.momentum + noise * update.noise_scale;
  const KineticOutputs then = kinetic({g, state.position, next.momentum, next.extra[0], layout});
  next.position = state.position + then.beta * update.step_size;
  ++next.step;
  next.gradient_evaluations += state.position.size(0);
  return next;
}

FusedL2e::FusedL2e(const MetaParameters& phi)
    : network(phi.weights, static_cast<float>(phi.alpha_multiplier),
              static_cast<float>(phi.beta_multiplier)) {}

void l2e_update_fused(ChainState& state, const torch::Tensor& grad, RngKey key, const FusedL2e& phi,
                      const L2eUpdate& update, std::int64_t data_count,
                      const ParameterLayout& layout) {
  const std::int64_t chains = state.position.size(0), params = state.position.size(1);
  std::vector<L2eSpan> spans;
  for (const BlockInfo& block : layout.blocks()) {
    spans.push_back({block.offset, ParameterLayout::size_of(block)});
  }
  const L2eStepNumbers numbers{
      static_cast<float>(1.0 / static_cast<double>(data_count)),
      static_cast<float>(update.step_size), static_cast<float>(update.data_size),
      static_cast<float>(update.friction), static_cast<float>(update.noise_scale)};
  thread_local std::vector<float> noise;
  if (update.noise_scale > 0) noise.resize(static_cast<std::size_t>(params));
  for (std::int64_t c = 0; c < chains; ++c) {
    if (update.noise_scale > 0) {
      fill_normal(key, state.first_chain + c, state.step + 1, params, noise.data());
    }
    l2e_step(phi.network, numbers, spans,
             {params, grad.data_ptr<float>() + c * params,
              update.noise_scale > 0 ? noise.data() : nullptr,
              state.position.data_ptr<float>() + c * params,
              state.momentum.data_ptr<float>() + c * params,
              state.extra[0].data_ptr<float>() + c * l2e_averages * params});
  }
}

std::unique_ptr<Sampler> make_l2e(std::shared_ptr<const KineticGradient> kinetic,
                                  const L2eNumbers& numbers, const SamplerContext& context) {
  return std::make_unique<L2e>(std::move(kinetic), numbers, context);
}

std::unique_ptr<Sampler> make_l2e(const MetaParameters& phi, const SamplerContext& context) {
  return std::make_unique<L2e>(phi, context);
}

void apply(const L2eConfig& config, L2eDynamics& phi) {
  const auto override_with = [](double& value, double given) {
    if (given >= 0) value = given;
  };
  override_with(phi.step_multiplier, config.step_multiplier);
  override_with(phi.noise_multiplier, config.noise_multiplier);
  override_with(phi.friction, config.friction);
  override_with(phi.alpha_multiplier, config.alpha_multiplier);
  override_with(phi.beta_multiplier, config.beta_multiplier);
  override_with(phi.data_size, config.data_size);
  if (config.noise_form != "file")
    phi.noise_form = noise_form_from(config.noise_form, "noise_form");
  if (config.schedule != "file") phi.schedule = step_schedule_from(config.schedule, "schedule");
}

std::unique_ptr<Sampler> make_l2e(const L2eConfig& config, const SamplerContext& context) {
  MetaParameters phi = load_meta_parameters(
      require_file("l2e.meta_parameters", config.meta_parameters, context.folders));
  if (context.warnings) {
    context.warnings->insert(context.warnings->end(), phi.warnings.begin(), phi.warnings.end());
  }
  apply(config, phi);
  return make_l2e(phi, context);
}

}  // namespace ergo
