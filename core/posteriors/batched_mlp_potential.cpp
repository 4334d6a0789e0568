// SPDX-License-Identifier: GPL-3.0-or-later
#include <torch/torch.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "core/posteriors/posterior.h"
#include "core/posteriors/train_rows.h"

namespace ergo {
namespace {

/// Forward and backward passes of all chains at once, written out in batched matrix products, so
/// that a transition is the same short queue of device work every time.
class BatchedMlpPotential final : public Potential {
 public:
  BatchedMlpPotential(const Posterior& posterior, torch::TensorOptions options)
      : posterior_(posterior), options_(options), widths_(posterior.network->widths()) {
    const TrainRows all = gather_rows(*posterior_.data, all_rows(*posterior_.data), options_);
    all_x_ = all.x;
    all_target_ = all.target;
    precision_ = prior_precision(posterior_, options_);
    constant_ = posterior_.prior_constant();
    if (regression()) {
      constant_ += static_cast<double>(data_count()) *
                   std::log(posterior_.noise_sd * std::sqrt(2.0 * std::numbers::pi));
    }
  }

  /// The rows go into one tensor that stays where it is: a captured transition reads it again.
  void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
    const auto count = static_cast<std::int64_t>(rows.size());
    const torch::Tensor given =
        torch::from_blob(const_cast<std::int64_t*>(rows.data()), {count}, torch::kLong);
    if (!rows_.defined() || rows_.numel() != count) rows_ = torch::empty({count}, options_.dtype(torch::kLong));
    rows_.copy_(given);
    batch_ = batch;
    x_ = torch::Tensor();
  }

  void bind_all() override {
    batch_ = data_count();
    rows_ = torch::Tensor();
    x_ = all_x_.unsqueeze(0);
    target_ = all_target_.unsqueeze(0);
  }

  const Evaluation& evaluate(const torch::Tensor& position) override {
    const torch::NoGradGuard no_grad;
    torch::Tensor x = x_, target = target_;
    if (rows_.defined()) {
      const std::int64_t groups = rows_.numel() / batch_;
      x = all_x_.index_select(0, rows_).reshape({groups, batch_, widths_.front()});
      target = all_target_.index_select(0, rows_).reshape({groups, batch_});
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

  std::int64_t data_count() const override { return posterior_.data_count(); }
  const ParameterLayout& layout() const override { return posterior_.network->layout(); }

 private:
  bool regression() const { return posterior_.data->task == Task::regression; }
  double scale() const { return static_cast<double>(data_count()) / static_cast<double>(batch_); }

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
      torch::Tensor z = torch::baddbmm(bias(position, l), h.back(), weight(position, l).transpose(1, 2));
      const bool last = l + 2 == widths_.size();
      before_.push_back(z);
      h.push_back(last ? z : activate(z));
    }
    return h;
  }

  torch::Tensor activate(const torch::Tensor& z) const {
    switch (posterior_.network->activation()) {
      case Activation::relu: return torch::relu(z);
      case Activation::silu: return torch::silu(z);
      case Activation::tanh: break;
    }
    return torch::tanh(z);
  }

  /// delta * act'(z), with h = act(z).
  torch::Tensor through_activation(const torch::Tensor& delta, const torch::Tensor& h,
                                   const torch::Tensor& z) const {
    switch (posterior_.network->activation()) {
      case Activation::relu: return delta * (h > 0);
      case Activation::silu: {
        const torch::Tensor s = torch::sigmoid(z);
        return delta * (s + h * (1.0 - s));
      }
      case Activation::tanh: break;
    }
    return delta * (1.0 - h * h);
  }

  /// dU/d outputs of the likelihood, and its value [chains] without constants.
  torch::Tensor loss(const torch::Tensor& f, const torch::Tensor& target, torch::Tensor& nll) const {
    const torch::Tensor t = target.expand({f.size(0), f.size(1)});
    if (!regression()) {
      const torch::Tensor index = t.unsqueeze(2);
      const torch::Tensor log_p = torch::log_softmax(f, 2);
      nll = -log_p.gather(2, index).sum(c10::IntArrayRef{1, 2}) * scale();
      return (log_p.exp().scatter_add(2, index, torch::full_like(index, -1, f.options()))) * scale();
    }
    const double variance = posterior_.noise_sd * posterior_.noise_sd;
    const torch::Tensor residual = f.squeeze(2) - t;
    nll = residual.square().sum(1) * (scale() / (2.0 * variance));
    return (residual * (scale() / variance)).unsqueeze(2);
  }

  void backward(const torch::Tensor& position, const std::vector<torch::Tensor>& h, torch::Tensor delta) {
    for (std::size_t l = widths_.size() - 1; l-- > 0;) {
      weight(evaluation_.grad, l).copy_(torch::bmm(delta.transpose(1, 2), h[l]));
      bias(evaluation_.grad, l).copy_(delta.sum(1, true));
      if (l > 0) delta = through_activation(torch::bmm(delta, weight(position, l)), h[l], before_[l - 1]);
    }
  }

  Posterior posterior_;
  torch::TensorOptions options_;
  std::vector<std::int64_t> widths_;
  torch::Tensor precision_, all_x_, all_target_, rows_, x_, target_;
  std::vector<torch::Tensor> before_;  ///< inputs of the activations
  double constant_ = 0.0;
  std::int64_t batch_ = 1;
  Evaluation evaluation_;
};

}  // namespace

std::unique_ptr<Potential> make_batched_mlp_potential(const Posterior& posterior,
                                                      const torch::TensorOptions& options) {
  return std::make_unique<BatchedMlpPotential>(posterior, options);
}

}  // namespace ergo
