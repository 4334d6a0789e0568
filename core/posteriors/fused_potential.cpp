// SPDX-License-Identifier: GPL-3.0-or-later
#include <vector>

#include "core/kernels/losses.h"
#include "core/kernels/scratch.h"
#include "core/posteriors/potentials.h"

namespace ergo {
namespace {

template <class T>
class FusedPotential final : public Potential {
 public:
  FusedPotential(const Posterior& posterior, std::unique_ptr<Passes<T>> passes)
      : posterior_(posterior),
        passes_(std::move(passes)),
        prior_constant_(posterior.prior_constant()) {}

  void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
    count_ = static_cast<std::int64_t>(rows.size());
    batch_ = batch;
    bound_ = -1;
    const Split& train = posterior_.data->train;
    x_.resize(static_cast<std::size_t>(train.x.shape.size() * count_ + row_padding));
    train.x.gather(rows.data(), count_, x_.data());
    bind_targets(train, rows);
  }

  void bind_all() override {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(data_count()));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
    bind(rows, data_count());
  }

  const Evaluation& evaluate(const torch::Tensor& position) override {
    const std::int64_t chains = position.size(0), params = position.size(1);
    if (!evaluation_.grad.defined() || evaluation_.grad.size(0) != chains) {
      evaluation_.grad = torch::empty_like(position);
      evaluation_.potential = torch::empty({chains}, position.options());
    }
    for (std::int64_t c = 0; c < chains; ++c) {
      evaluation_.potential.data_ptr<T>()[c] =
          static_cast<T>(evaluate_chain(position.data_ptr<T>() + c * params, first_row(c),
                                        evaluation_.grad.data_ptr<T>() + c * params));
    }
    return evaluation_;
  }

  std::int64_t data_count() const override { return posterior_.data_count(); }
  const ParameterLayout& layout() const override { return posterior_.layout; }

 private:
  /// Labels, or targets one after the other: target t of bound row i is y_[t * count_ + i].
  void bind_targets(const Split& train, std::span<const std::int64_t> rows) {
    labels_.clear();
    y_.clear();
    if (!train.labels.empty()) {
      for (const std::int64_t row : rows) {
        labels_.push_back(train.labels[static_cast<std::size_t>(row)]);
      }
      return;
    }
    const std::int64_t targets = posterior_.data->targets;
    for (std::int64_t t = 0; t < targets; ++t) {
      for (const std::int64_t row : rows) {
        y_.push_back(static_cast<T>(train.y[static_cast<std::size_t>(row * targets + t)]));
      }
    }
  }

  /// All chains share the rows when only one batch is bound.
  std::int64_t first_row(std::int64_t chain) const { return count_ == batch_ ? 0 : chain * batch_; }

  double evaluate_chain(const T* theta, std::int64_t row, T* grad) {
    if (row != bound_) {  // chains with batches of their own, or a new batch
      passes_->bind(x_.data() + row * posterior_.data->train.x.shape.size(), batch_);
      bound_ = row;
    }
    const OutputView<T> f = passes_->forward(theta);
    const double likelihood = loss(f, static_cast<std::size_t>(row), theta, grad);
    passes_->backward(theta, grad);
    return likelihood + add_prior(theta, grad);
  }

  double loss(const OutputView<T>& f, std::size_t row, const T* theta, T* grad) {
    log_sum_.resize(f.stride);
    FusedLoss<T> loss;
    loss.arrays = {f.data, passes_->delta(), f.stride};
    loss.examples = batch_;
    loss.y = y_.data() + row;
    loss.y_stride = count_;
    if (!labels_.empty())
      loss.labels = std::span<const std::int32_t>(labels_).subspan(row, f.examples);
    loss.own = theta + posterior_.own_offset();
    loss.own_grad = grad + posterior_.own_offset();
    loss.count = static_cast<double>(data_count());
    loss.scale = loss.count / static_cast<double>(batch_);
    loss.scratch = log_sum_.data();
    return posterior_.likelihood->fused_nll(loss);
  }

  double add_prior(const T* theta, T* grad) const {
    double sum = prior_constant_;
    const auto& blocks = layout().blocks();
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::int64_t offset = blocks[b].offset;
      const BlockPrior& prior = posterior_.prior[b];
      sum += add_gaussian_prior(1.0 / (prior.sd * prior.sd), prior.mean, theta + offset,
                                ParameterLayout::size_of(blocks[b]), grad + offset);
    }
    return sum;
  }

  Posterior posterior_;
  std::unique_ptr<Passes<T>> passes_;
  double prior_constant_ = 0.0;
  std::vector<T> x_, y_;  ///< [count, inputs], [targets, count]
  std::vector<std::int32_t> labels_;
  Scratch<T> log_sum_;
  std::int64_t count_ = 0, batch_ = 0;
  std::int64_t bound_ = -1;  ///< first row that the passes hold
  Evaluation evaluation_;
};

template <class T>
std::unique_ptr<Potential> make(const Posterior& posterior) {
  std::unique_ptr<Passes<T>> passes = passes_of<T>(*posterior.network);
  if (!passes || !posterior.likelihood->has_closed_form()) return nullptr;
  return std::make_unique<FusedPotential<T>>(posterior, std::move(passes));
}

}  // namespace

std::unique_ptr<Potential> make_fused_potential(const Posterior& posterior, torch::Dtype dtype) {
  return dtype == torch::kDouble ? make<double>(posterior) : make<float>(posterior);
}

}  // namespace ergo
