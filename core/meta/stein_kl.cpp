// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/stein_kl.h"

#include "core/base/torch.h"
#include "core/config/meta_config.h"
#include "core/meta/window_trainer.h"
#include "core/posteriors/potentials.h"

namespace ergo {
namespace {

class SteinKlTrainer final : public WindowTrainer {
 public:
  SteinKlTrainer(const Training& training, const SteinKlConfig& config)
      : WindowTrainer(training, config), config_(config) {
    require_window("stein_kl", config.window, config.keep_every, "'stein_kl.keep_every'");
  }

 protected:
  WindowedLoss loss(const Arm& arm, const torch::Tensor& phi,
                    const RunControl& control) const override {
    return stein_kl(arm, phi, {config_.window, false, config_.chains}, config_.keep_every,
                    config_.stein_ridge, control);
  }

 private:
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
  return std::make_unique<SteinKlTrainer>(
      training, read_config<SteinKlConfig>(training.sections.trainer, "stein_kl.", "preset"));
}

}  // namespace ergo
