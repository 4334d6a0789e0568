// SPDX-License-Identifier: GPL-3.0-or-later
#include <torch/torch.h>

#include <cmath>
#include <numbers>

#include "core/posteriors/posterior.h"

namespace ergo {
namespace {

class AutogradPotential final : public Potential {
 public:
  AutogradPotential(const Posterior& posterior, torch::Dtype dtype)
      : posterior_(posterior), dtype_(dtype) {
    std::vector<torch::Tensor> precision;
    const auto& blocks = layout().blocks();
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const double sd = posterior.prior_sd[b];
      precision.push_back(torch::full({ParameterLayout::size_of(blocks[b])}, 1.0 / (sd * sd), dtype));
    }
    precision_ = torch::cat(precision);
  }

  void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
    const auto count = static_cast<std::int64_t>(rows.size());
    const Split& train = posterior_.data->train;
    x_ = torch::empty({count, train.x.width}, dtype_);
    if (dtype_ == torch::kDouble) {
      train.x.gather(rows.data(), count, x_.data_ptr<double>());
    } else {
      train.x.gather(rows.data(), count, x_.data_ptr<float>());
    }
    x_ = x_.reshape({count / batch, batch, train.x.width});
    const bool regression = posterior_.data->task == Task::regression;
    target_ = torch::empty({count}, regression ? torch::kDouble : torch::kLong);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto row = static_cast<std::size_t>(rows[static_cast<std::size_t>(i)]);
      if (regression) target_.data_ptr<double>()[i] = train.y[row];
      else target_.data_ptr<std::int64_t>()[i] = train.labels[row];
    }
    target_ = target_.reshape({count / batch, batch});
    if (regression) target_ = target_.to(dtype_);
    scale_ = static_cast<double>(data_count()) / static_cast<double>(batch);
  }

  void bind_all() override {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(data_count()));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
    bind(rows, data_count());
  }

  const Evaluation& evaluate(const torch::Tensor& position) override {
    const torch::AutoGradMode enable(true);
    const torch::Tensor theta = position.detach().clone().requires_grad_(true);
    const torch::Tensor f = posterior_.network->forward(theta, x_);
    const torch::Tensor prior = (theta.square() * precision_).sum(1) * 0.5;
    const torch::Tensor potential =
        negative_log_likelihood(f) * scale_ + prior + posterior_.prior_constant();
    evaluation_.grad = torch::autograd::grad({potential.sum()}, {theta})[0].contiguous();
    evaluation_.potential = potential.detach();
    return evaluation_;
  }

  std::int64_t data_count() const override { return posterior_.data_count(); }
  const ParameterLayout& layout() const override { return posterior_.network->layout(); }

 private:
  /// Summed over the bound batch, [chains].
  torch::Tensor negative_log_likelihood(const torch::Tensor& f) const {
    const torch::Tensor target = target_.expand({f.size(0), f.size(1)});
    if (posterior_.data->task == Task::classification) {
      return -torch::log_softmax(f, 2).gather(2, target.unsqueeze(2)).sum({1, 2});
    }
    const double sd = posterior_.noise_sd;
    const double constant = std::log(sd * std::sqrt(2.0 * std::numbers::pi));
    return ((f.squeeze(2) - target).square() / (2.0 * sd * sd) + constant).sum(1);
  }

  Posterior posterior_;
  torch::Dtype dtype_;
  torch::Tensor precision_, x_, target_;
  double scale_ = 1.0;
  Evaluation evaluation_;
};

}  // namespace

std::unique_ptr<Potential> make_autograd_potential(const Posterior& posterior, torch::Dtype dtype) {
  return std::make_unique<AutogradPotential>(posterior, dtype);
}

}  // namespace ergo
