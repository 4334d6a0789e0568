// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/base/torch.h"
#include "core/posteriors/posterior.h"
#include "core/posteriors/train_rows.h"

namespace ergo {
namespace {

/// Forward and backward passes of all rows at once, written out in batched matrix products, so that
/// a transition is the same short queue of device work every time. Either all rows share one
/// posterior, or each has its own, with a network of the same shape and all of its data.
class BatchedMlpPotential final : public Potential {
 public:
  BatchedMlpPotential(std::vector<Posterior> posteriors, torch::TensorOptions options)
      : posteriors_(std::move(posteriors)), options_(options), widths_(first().network->widths()) {
    load_data();
    load_priors();
  }

  /// The rows go into one tensor that stays where it is: a captured transition reads it again.
  void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
    TORCH_CHECK(posteriors_.size() == 1, "rows with data of their own have no minibatches");
    const auto count = static_cast<std::int64_t>(rows.size());
    const torch::Tensor given =
        torch::from_blob(const_cast<std::int64_t*>(rows.data()), {count}, torch::kLong);
    if (!rows_.defined() || rows_.numel() != count)
      rows_ = torch::empty({count}, options_.dtype(torch::kLong));
    rows_.copy_(
        given,
        true);  // pageable memory is staged before this returns; the device is not waited for
    batch_ = batch;
    x_ = torch::Tensor();
  }

  void bind_all() override {
    batch_ = data_count();
    rows_ = torch::Tensor();
    x_ = all_x_;
    target_ = all_target_;
  }

  const Evaluation& evaluate(const torch::Tensor& position) override {
    const torch::NoGradGuard no_grad;
    torch::Tensor x = x_, target = target_;
    if (rows_.defined()) {
      const std::int64_t groups = rows_.numel() / batch_;
      x = all_x_[0].index_select(0, rows_).reshape({groups, batch_, widths_.front()});
      target = all_target_[0].index_select(0, rows_).reshape({groups, batch_});
    }
    const std::vector<torch::Tensor> h = forward(position, x);
    torch::Tensor nll;
    torch::Tensor delta = loss(h.back(), target, nll);
    if (!evaluation_.grad.defined() || evaluation_.grad.sizes() != position.sizes()) {
      evaluation_.grad = torch::empty_like(position);
    }
    backward(position, h, delta);
    const torch::Tensor pull = position * precision_;
    evaluation_.grad.add_(pull);
    evaluation_.potential = nll + (pull * position).sum(1) * 0.5 + constant_;
    return evaluation_;
  }

  std::int64_t data_count() const override { return first().data_count(); }
  const ParameterLayout& layout() const override { return first().network->layout(); }

 private:
  const Posterior& first() const { return posteriors_.front(); }
  bool regression() const { return first().data->task == Task::regression; }
  double scale() const { return static_cast<double>(data_count()) / static_cast<double>(batch_); }

  /// All data, once, on the device: [posteriors, n, inputs]; shorter sets are filled up with points
  /// of no weight.
  void load_data() {
    std::int64_t most = 0;
    for (const Posterior& p : posteriors_) most = std::max(most, p.data_count());
    std::vector<torch::Tensor> x, target, weight;
    for (const Posterior& p : posteriors_) {
      std::vector<std::int64_t> rows = all_rows(*p.data);
      rows.resize(static_cast<std::size_t>(most), 0);
      const TrainRows all = gather_rows(*p.data, rows, options_);
      x.push_back(all.x);
      target.push_back(all.target);
      const double precision = regression() ? 1.0 / (p.noise_sd * p.noise_sd) : 1.0;
      torch::Tensor counted = torch::full({most}, precision, options_);
      counted.slice(0, p.data_count()).zero_();
      weight.push_back(counted);
    }
    all_x_ = torch::stack(x);
    all_target_ = torch::stack(target);
    weight_ = torch::stack(weight);
  }

  void load_priors() {
    std::vector<torch::Tensor> precision, constant;
    for (const Posterior& p : posteriors_) {
      precision.push_back(prior_precision(p, options_));
      double sum = p.prior_constant();
      if (regression()) {
        sum += static_cast<double>(p.data_count()) *
               std::log(p.noise_sd * std::sqrt(2.0 * std::numbers::pi));
      }
      constant.push_back(torch::full({1}, sum, options_));
    }
    precision_ = torch::stack(precision);
    constant_ = torch::cat(constant);
  }

  /// 1 / sd^2 (regression) or 1 of each bound point, [posteriors, batch].
  torch::Tensor bound_weight() const {
    return rows_.defined() ? weight_.slice(1, 0, batch_) : weight_;
  }

  torch::Tensor weight(const torch::Tensor& flat, std::size_t layer) const {
    const BlockInfo& block = layout().blocks()[2 * layer];
    return flat.slice(1, block.offset, block.offset + widths_[layer + 1] * widths_[layer])
        .view({flat.size(0), widths_[layer + 1], widths_[layer]});
  }

  torch::Tensor bias(const torch::Tensor& flat, std::size_t layer) const {
    const BlockInfo& block = layout().blocks()[2 * layer + 1];
    return flat.slice(1, block.offset, block.offset + widths_[layer + 1]).unsqueeze(1);
  }

  /// h_0 = x, ..., the last one the outputs; [chains, batch, width]. SiLU keeps what it was made
  /// from, because its derivative is no function of its value.
  std::vector<torch::Tensor> forward(const torch::Tensor& position, const torch::Tensor& x) {
    const std::int64_t chains = position.size(0);
    std::vector<torch::Tensor> h = {x.expand({chains, x.size(1), x.size(2)})};
    before_.clear();
    for (std::size_t l = 0; l + 1 < widths_.size(); ++l) {
      torch::Tensor z =
          torch::baddbmm(bias(position, l), h.back(), weight(position, l).transpose(1, 2));
      const bool last = l + 2 == widths_.size();
      before_.push_back(z);
      h.push_back(last ? z : activate(z));
    }
    return h;
  }

  torch::Tensor activate(const torch::Tensor& z) const {
    switch (first().network->activation()) {
      case Activation::relu:
        return torch::relu(z);
      case Activation::silu:
        return torch::silu(z);
      case Activation::tanh:
        break;
    }
    return torch::tanh(z);
  }

  /// delta * act'(z), with h = act(z).
  torch::Tensor through_activation(const torch::Tensor& delta, const torch::Tensor& h,
                                   const torch::Tensor& z) const {
    switch (first().network->activation()) {
      case Activation::relu:
        return delta * (h > 0);
      case Activation::silu: {
        const torch::Tensor s = torch::sigmoid(z);
        return delta * (s + h * (1.0 - s));
      }
      case Activation::tanh:
        break;
    }
    return delta * (1.0 - h * h);
  }

  /// dU/d outputs of the likelihood, and its value [chains] without constants.
  torch::Tensor loss(const torch::Tensor& f, const torch::Tensor& target,
                     torch::Tensor& nll) const {
    const torch::Tensor t = target.expand({f.size(0), f.size(1)});
    const torch::Tensor weight = bound_weight() * scale();
    if (!regression()) {
      const torch::Tensor index = t.unsqueeze(2);
      const torch::Tensor log_p = torch::log_softmax(f, 2);
      nll = -(log_p.gather(2, index).squeeze(2) * weight).sum(1);
      const torch::Tensor minus_one = torch::full_like(index, -1, f.options());
      return log_p.exp().scatter_add(2, index, minus_one) * weight.unsqueeze(2);
    }
    const torch::Tensor residual = f.squeeze(2) - t;
    nll = (residual.square() * weight).sum(1) * 0.5;
    return (residual * weight).unsqueeze(2);
  }

  void backward(const torch::Tensor& position, const std::vector<torch::Tensor>& h,
                torch::Tensor delta) {
    for (std::size_t l = widths_.size() - 1; l-- > 0;) {
      weight(evaluation_.grad, l).copy_(torch::bmm(delta.transpose(1, 2), h[l]));
      bias(evaluation_.grad, l).copy_(delta.sum(1, true));
      if (l > 0)
        delta = through_activation(torch::bmm(delta, weight(position, l)), h[l], before_[l - 1]);
    }
  }

  std::vector<Posterior> posteriors_;
  torch::TensorOptions options_;
  std::vector<std::int64_t> widths_;
  torch::Tensor precision_, constant_;         ///< [posteriors, params], [posteriors]
  torch::Tensor all_x_, all_target_, weight_;  ///< [posteriors, n, ...]
  torch::Tensor rows_, x_, target_;            ///< what is bound; rows_ of a minibatch only
  std::vector<torch::Tensor> before_;          ///< inputs of the activations
  std::int64_t batch_ = 1;
  Evaluation evaluation_;
};

}  // namespace

std::unique_ptr<Potential> make_batched_mlp_potential(const Posterior& posterior,
                                                      const torch::TensorOptions& options) {
  return std::make_unique<BatchedMlpPotential>(std::vector<Posterior>{posterior}, options);
}

std::unique_ptr<Potential> make_population_potential(std::vector<Posterior> rows,
                                                     const torch::TensorOptions& options) {
  auto potential = std::make_unique<BatchedMlpPotential>(std::move(rows), options);
  potential->bind_all();
  return potential;
}

}  // namespace ergo
