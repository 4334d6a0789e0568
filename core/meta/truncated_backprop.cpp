// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/truncated_backprop.h"

#include <cmath>
#include <limits>

#include "core/base/torch.h"
#include "core/meta/window_trainer.h"
#include "core/posteriors/potentials.h"
#include "core/posteriors/train_rows.h"
#include "core/run/collection.h"

namespace ergo {
namespace {

class WindowedUnroll {
 public:
  WindowedUnroll(const Arm& arm, const torch::Tensor& phi, const WindowPlan& plan,
                 const std::function<bool(std::int64_t)>& keeps, const WindowObjective& objective,
                 const RunControl& control)
      : arm_(arm),
        plan_(plan),
        keeps_(keeps),
        objective_(objective),
        control_(control),
        sampler_(sampler_of(arm)),
        potential_(
            make_differentiable_potential(arm.task->posterior, phi.options(), plan.second_order)),
        batches_(*arm.task, arm.key.fold_in(3), plan.chains),
        phi_(phi.detach().requires_grad_(true)),
        gradient_(torch::zeros_like(phi)) {
    std::vector<torch::Tensor> starts;
    for (std::int64_t c = 0; c < plan.chains; ++c)
      starts.push_back(
          initial_position(arm.task->posterior, arm.key.fold_in(2), c, phi.scalar_type()));
    state_ = sampler_->init(torch::cat(starts).to(phi.device()), 0);
  }

  WindowedLoss run() {
    burn_in();
    const std::int64_t windows = (arm_.plan.steps - arm_.plan.burn_in) / plan_.window;
    double sum = 0.0;
    for (std::int64_t w = 0; w < windows && std::isfinite(sum); ++w) sum += window();
    WindowedLoss out{sum / static_cast<double>(windows), std::vector<double>(arm_.phi.size(), 0.0)};
    if (!std::isfinite(sum)) return out;
    const torch::Tensor mean =
        (gradient_.to(torch::kDouble) / static_cast<double>(windows)).cpu().contiguous();
    out.gradient.assign(mean.data_ptr<double>(), mean.data_ptr<double>() + mean.numel());
    return out;
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  void burn_in() {
    const torch::NoGradGuard no_grad;
    for (std::int64_t t = 0; t < arm_.plan.burn_in && !control_.stopped(); ++t) {
      batches_.bind(*potential_, ++transitions_);
      sampler_->step(noise(), state_, *potential_);
    }
  }

  /// The value of a window; its gradient is added. Infinity where something is not finite, NaN when
  /// stopped.
  double window() {
    const torch::AutoGradMode enable(true);
    std::vector<torch::Tensor> draws;
    for (std::int64_t t = 1; t <= plan_.window; ++t) {
      if (control_.stopped()) return std::numeric_limits<double>::quiet_NaN();
      batches_.bind(*potential_, ++transitions_);
      state_ = arm_.sampler->differentiable_step(phi_, noise(), state_, *potential_, context());
      if (keeps_(t)) draws.push_back(state_.position);
    }
    const WindowTerm term = objective_(torch::cat(draws));
    if (!std::isfinite(term.value)) return infinity;
    const torch::Tensor gradient = torch::autograd::grad({term.node}, {phi_})[0];
    if (!gradient.isfinite().all().item<bool>()) return infinity;
    gradient_ += gradient;
    truncate();
    return term.value;
  }

  /// The state as constants.
  void truncate() {
    state_.position = state_.position.detach();
    state_.momentum = state_.momentum.detach();
    for (torch::Tensor& extra : state_.extra) extra = extra.detach();
  }

  RngKey noise() const { return arm_.key.fold_in(1); }

  SamplerContext context() const {
    const Posterior& posterior = arm_.task->posterior;
    return {&posterior.layout, arm_.plan.steps, arm_.plan.burn_in, posterior.data_count(), {}};
  }

  const Arm& arm_;
  const WindowPlan& plan_;
  const std::function<bool(std::int64_t)>& keeps_;
  const WindowObjective& objective_;
  const RunControl& control_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Potential> potential_;
  TaskBatches batches_;
  std::int64_t transitions_ = 0;
  torch::Tensor phi_, gradient_;
  ChainState state_;
};

class TruncatedBackpropTrainer final : public WindowTrainer {
 public:
  TruncatedBackpropTrainer(const Training& training, const TruncatedBackpropConfig& config)
      : WindowTrainer(training, config), config_(config) {
    require_window("truncated_backprop", config.window, training.sections.loop.draws, "'draws'");
  }

 protected:
  WindowedLoss loss(const Arm& arm, const torch::Tensor& phi,
                    const RunControl& control) const override {
    return windowed_loss(arm, phi, {config_.window, config_.second_order}, control);
  }

 private:
  TruncatedBackpropConfig config_;
};

}  // namespace

WindowedLoss windowed_loss(const Arm& arm, const torch::Tensor& phi, const WindowPlan& plan,
                           const RunControl& control) {
  const CollectionPlan keep =
      plan_collection(*sampler_of(arm), "meta", plan.window, 0, arm.plan.draws);
  const auto loss = [&arm](const torch::Tensor& draws) {
    const torch::Tensor node = bma_loss(arm.task->posterior, draws);
    return WindowTerm{node.item<double>(), node};
  };
  return windowed_gradient(
      arm, phi, plan, [&keep](std::int64_t t) { return keep.keeps(t); }, loss, control);
}

WindowedLoss windowed_gradient(const Arm& arm, const torch::Tensor& phi, const WindowPlan& plan,
                               const std::function<bool(std::int64_t)>& keeps,
                               const WindowObjective& objective, const RunControl& control) {
  return WindowedUnroll(arm, phi, plan, keeps, objective, control).run();
}

torch::Tensor bma_loss(const Posterior& posterior, const torch::Tensor& draws) {
  Dataset test;
  test.task = posterior.data->task;
  test.targets = posterior.data->targets;
  test.train = posterior.data->test;
  const TrainRows rows = gather_rows(test, all_rows(test), draws.options());
  const torch::Tensor f = posterior.network->forward(draws, rows.x.unsqueeze(0));
  const std::int64_t k = f.size(0), n = f.size(1);
  // A likelihood sums over a batch: every point of every draw is a batch of its own, draw by draw.
  const torch::Tensor target = by_chain(rows.target, n, 1);
  const torch::Tensor targets =
      torch::cat(std::vector<torch::Tensor>(static_cast<std::size_t>(k), target));
  const torch::Tensor own = draws.slice(1, posterior.own_offset()).repeat_interleave(n, 0);
  const torch::Tensor log_density =
      -posterior.likelihood->nll(f.reshape({k * n, 1, f.size(2)}), targets, own).reshape({k, n});
  return std::log(static_cast<double>(k)) - torch::logsumexp(log_density, 0).mean();
}

std::unique_ptr<Trainer> make_truncated_backprop_trainer(const Training& training) {
  return std::make_unique<TruncatedBackpropTrainer>(
      training, read_config<TruncatedBackpropConfig>(training.sections.trainer,
                                                     "truncated_backprop.", "preset"));
}

}  // namespace ergo
