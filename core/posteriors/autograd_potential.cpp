// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/torch.h"
#include "core/posteriors/potentials.h"
#include "core/posteriors/train_rows.h"

namespace ergo {
namespace {

class AutogradPotential final : public Potential {
 public:
  AutogradPotential(const Posterior& posterior, const torch::TensorOptions& options,
                    bool keep_graph)
      : posterior_(posterior),
        options_(options),
        precision_(prior_precision(posterior, options)),
        mean_(prior_mean(posterior, options)),
        keep_graph_(keep_graph) {}

  void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
    const TrainRows bound = gather_rows(*posterior_.data, rows, options_);
    const auto chains = static_cast<std::int64_t>(rows.size()) / batch;
    x_ = bound.x.reshape({chains, batch, bound.x.size(1)});
    target_ = by_chain(bound.target, chains, batch);
    scale_ = static_cast<double>(data_count()) / static_cast<double>(batch);
  }

  void bind_all() override { bind(all_rows(*posterior_.data), data_count()); }

  const Evaluation& evaluate(const torch::Tensor& position) override {
    const torch::AutoGradMode enable(true);
    const bool within = keep_graph_ && position.requires_grad();
    const torch::Tensor theta = within ? position : position.detach().clone().requires_grad_(true);
    const torch::Tensor f = posterior_.network->forward(theta, x_);
    const torch::Tensor own = theta.slice(1, posterior_.own_offset());
    const torch::Tensor prior = ((theta - mean_).square() * precision_).sum(1) * 0.5;
    const torch::Tensor potential =
        posterior_.likelihood->nll(f, target_, own) * scale_ + prior + posterior_.prior_constant();
    evaluation_.grad =
        torch::autograd::grad({potential.sum()}, {theta}, {}, within, within)[0].contiguous();
    evaluation_.potential = within ? potential : potential.detach();
    return evaluation_;
  }

  std::int64_t data_count() const override { return posterior_.data_count(); }
  const ParameterLayout& layout() const override { return posterior_.layout; }

 private:
  Posterior posterior_;
  torch::TensorOptions options_;
  torch::Tensor precision_, mean_, x_, target_;
  double scale_ = 1.0;
  bool keep_graph_;
  Evaluation evaluation_;
};

}  // namespace

std::unique_ptr<Potential> make_autograd_potential(const Posterior& posterior,
                                                   const torch::TensorOptions& options) {
  return std::make_unique<AutogradPotential>(posterior, options, false);
}

std::unique_ptr<Potential> make_differentiable_potential(const Posterior& posterior,
                                                         const torch::TensorOptions& options,
                                                         bool second_order) {
  return std::make_unique<AutogradPotential>(posterior, options, second_order);
}

}  // namespace ergo
