// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <vector>

#include "core/base/torch.h"
#include "core/posteriors/potentials.h"
#include "core/posteriors/train_rows.h"

namespace ergo {
namespace {

/// Forward and backward passes of all rows at once, so that a transition is the same short queue of
/// device work every time. Either all rows share one posterior, or each has its own, with a network
/// of the same shape and all of its data.
class BatchedPotential final : public Potential {
 public:
  BatchedPotential(std::vector<Posterior> posteriors, torch::TensorOptions options,
                   std::unique_ptr<BatchedPasses> passes)
      : posteriors_(std::move(posteriors)), options_(options), passes_(std::move(passes)) {
    load_data();
    load_numbers();
  }

  /// The rows go into one tensor that stays where it is: a captured transition reads it again.
  void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
    TORCH_CHECK(posteriors_.size() == 1, "rows with data of their own have no minibatches");
    const auto count = static_cast<std::int64_t>(rows.size());
    const torch::Tensor given =
        torch::from_blob(const_cast<std::int64_t*>(rows.data()), {count}, torch::kLong);
    if (!rows_.defined() || rows_.numel() != count)
      rows_ = torch::empty({count}, options_.dtype(torch::kLong));
    // Pageable memory is staged before this returns; the device is not waited for.
    rows_.copy_(given, true);
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
      x = all_x_[0].index_select(0, rows_).reshape({groups, batch_, all_x_.size(2)});
      target = by_chain(all_target_[0].index_select(0, rows_), groups, batch_);
    }
    if (!evaluation_.grad.defined() || evaluation_.grad.sizes() != position.sizes()) {
      evaluation_.grad = torch::empty_like(position);
    }
    const torch::Tensor own = position.slice(1, first().own_offset());
    const BatchedLoss loss = first().likelihood->batched_nll(passes_->forward(position, x), target,
                                                             own, numbers_, bound_weight());
    passes_->backward(position, loss.delta, evaluation_.grad);
    if (loss.own.defined()) evaluation_.grad.slice(1, first().own_offset()).copy_(loss.own);
    const torch::Tensor shift = position - mean_;
    const torch::Tensor pull = shift * precision_;
    evaluation_.grad.add_(pull);
    evaluation_.potential = loss.nll + (pull * shift).sum(1) * 0.5 + constant_;
    return evaluation_;
  }

  std::int64_t data_count() const override { return first().data_count(); }
  const ParameterLayout& layout() const override { return first().layout; }
  bool repeats() const override { return true; }

 private:
  const Posterior& first() const { return posteriors_.front(); }

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
      torch::Tensor counted = torch::ones({most}, options_);
      counted.slice(0, p.data_count()).zero_();
      weight.push_back(counted);
    }
    all_x_ = torch::stack(x);
    all_target_ = torch::stack(target);
    weight_ = torch::stack(weight);
  }

  /// Prior, and what the likelihoods of the rows differ in.
  void load_numbers() {
    std::vector<torch::Tensor> precision, mean, constant, numbers;
    for (const Posterior& p : posteriors_) {
      precision.push_back(prior_precision(p, options_));
      mean.push_back(prior_mean(p, options_));
      const double sum =
          p.prior_constant() + static_cast<double>(p.data_count()) * p.likelihood->normaliser();
      constant.push_back(torch::full({1}, sum, options_));
      numbers.push_back(torch::tensor(p.likelihood->row_numbers(), options_));
    }
    precision_ = torch::stack(precision);
    mean_ = torch::stack(mean);
    constant_ = torch::cat(constant);
    numbers_ = torch::stack(numbers);
  }

  /// n / b of each bound point, 0 of those that fill up; [posteriors, batch].
  torch::Tensor bound_weight() const {
    const double scale = static_cast<double>(data_count()) / static_cast<double>(batch_);
    return (rows_.defined() ? weight_.slice(1, 0, batch_) : weight_) * scale;
  }

  std::vector<Posterior> posteriors_;
  torch::TensorOptions options_;
  std::unique_ptr<BatchedPasses> passes_;
  torch::Tensor precision_, mean_, constant_, numbers_;  ///< [posteriors, ...]
  torch::Tensor all_x_, all_target_, weight_;            ///< [posteriors, n, ...]
  torch::Tensor rows_, x_, target_;  ///< what is bound; rows_ of a minibatch only
  std::int64_t batch_ = 1;
  Evaluation evaluation_;
};

std::unique_ptr<BatchedPotential> make(std::vector<Posterior> posteriors,
                                       const torch::TensorOptions& options) {
  const Posterior& first = posteriors.front();
  std::unique_ptr<BatchedPasses> passes = first.network->batched_passes();
  if (!passes || !first.likelihood->has_closed_form()) return nullptr;
  return std::make_unique<BatchedPotential>(std::move(posteriors), options, std::move(passes));
}

}  // namespace

std::unique_ptr<Potential> make_batched_potential(const Posterior& posterior,
                                                  const torch::TensorOptions& options) {
  return make({posterior}, options);
}

std::unique_ptr<Potential> make_population_potential(std::vector<Posterior> rows,
                                                     const torch::TensorOptions& options) {
  std::unique_ptr<BatchedPotential> potential = make(std::move(rows), options);
  if (potential) potential->bind_all();
  return potential;
}

}  // namespace ergo
