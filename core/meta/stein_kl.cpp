// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/stein_kl.h"

#include "core/base/torch.h"
#include "core/config/meta_config.h"
#include "core/meta/outer_step.h"
#include "core/meta/trainer.h"
#include "core/posteriors/potentials.h"

namespace ergo {
namespace {

/// Question p is stein_kl() of task p.
class SteinKlTrainer final : public Trainer {
 public:
  explicit SteinKlTrainer(const Training& training)
      : training_(training),
        config_(read_config<SteinKlConfig>(training.sections.trainer, "stein_kl.", "preset")) {
    check_window(training, "stein_kl", config_.window, config_.keep_every, "'stein_kl.keep_every'");
  }

  TrainerState start() const override { return Adam(training_.sampler->size()).state(); }

  std::size_t questions() const override {
    return static_cast<std::size_t>(training_.sections.loop.pairs);
  }

  std::vector<std::vector<double>> answers(const MetaState& state,
                                           const std::vector<std::size_t>& part) const override {
    const UnrollPlace& place = training_.place;
    std::vector<std::vector<double>> answers(part.size());
    place.each(part.size(), [&](std::size_t j) {
      const Arm arm = training_.training_arm(state.iteration, part[j], state.phi);
      const torch::Tensor phi = torch::tensor(arm.phi).to(place.device());
      answers[j] = as_answer(stein_kl(arm, phi, {config_.window, false, config_.chains},
                                      config_.keep_every, config_.stein_ridge, place.control()));
    });
    return answers;
  }

  TrainerStep update(MetaState& state,
                     const std::vector<std::vector<double>>& answers) const override {
    return mean_gradient_step(state, answers, config_, training_.sections.loop.iterations);
  }

 private:
  const Training& training_;
  SteinKlConfig config_;
};

}  // namespace

torch::Tensor stein_gradient(const torch::Tensor& draws, double ridge) {
  const std::int64_t k = draws.size(0);
  const torch::Tensor x = draws.to(torch::kDouble);
  const torch::Tensor norm = x.square().sum(1, true);
  const torch::Tensor squared = (norm + norm.t() - 2.0 * x.mm(x.t())).clamp_min(0.0);
  const torch::Tensor off = squared.masked_select(~torch::eye(k, torch::kBool));
  const double median = off.numel() > 0 ? off.median().item<double>() : 0.0;
  const double width = median > 0.0 ? median / 2.0 : 1.0;
  const torch::Tensor a = (squared * (-0.5 / width)).exp();
  const torch::Tensor b = (a.sum(1, true) * x - a.mm(x)) / width;
  const torch::Tensor ridged = a + ridge * torch::eye(k, x.options());
  return (-torch::linalg_solve(ridged, b)).to(draws.options());
}

WindowedLoss stein_kl(const Arm& arm, const torch::Tensor& phi, const WindowPlan& plan,
                      std::int64_t keep_every, double ridge, const RunControl& control) {
  const Posterior& posterior = arm.task->posterior;
  const auto potential = make_potential(posterior, torch::kFloat);
  TaskBatches batches(*arm.task, arm.key.fold_in(4), plan.chains * (plan.window / keep_every));
  std::int64_t windows = 0;
  const auto objective = [&](const torch::Tensor& draws) {
    const torch::Tensor at = draws.detach().cpu().to(torch::kFloat).contiguous();
    batches.bind(*potential, ++windows);
    const torch::NoGradGuard no_grad;
    const Evaluation& e = potential->evaluate(at);
    const torch::Tensor slope =
        ((e.grad + stein_gradient(at, ridge)) / static_cast<double>(at.size(0)));
    const double energy =
        e.potential.mean().item<double>() / static_cast<double>(posterior.data_count());
    const torch::AutoGradMode enable(true);
    return WindowTerm{energy, (draws * slope.to(draws.options())).sum()};
  };
  const auto keeps = [keep_every](std::int64_t t) { return t % keep_every == 0; };
  return windowed_gradient(arm, phi, plan, keeps, objective, control);
}

std::unique_ptr<Trainer> make_stein_kl_trainer(const Training& training) {
  return std::make_unique<SteinKlTrainer>(training);
}

}  // namespace ergo
