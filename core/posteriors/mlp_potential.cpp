// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <numbers>
#include <vector>

#include "core/kernels/mlp_passes.h"
#include "core/posteriors/posterior.h"

namespace ergo {
namespace {

template <class T>
class MlpPotential final : public Potential {
 public:
  explicit MlpPotential(const Posterior& posterior)
      : posterior_(posterior), shape_(posterior.network->shape()) {
    for (const double sd : posterior_.prior_sd) precision_.push_back(1.0 / (sd * sd));
    prior_constant_ = posterior_.prior_constant();
  }

  void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
    const auto count = static_cast<std::int64_t>(rows.size());
    const Split& train = posterior_.data->train;
    x_.resize(static_cast<std::size_t>(train.x.shape.size() * count + row_padding));
    train.x.gather(rows.data(), count, x_.data());
    bound_ = -1;
    const bool regression = posterior_.data->task == Task::regression;
    y_.resize(regression ? rows.size() : 0);
    labels_.resize(regression ? 0 : rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      if (regression)
        y_[i] = static_cast<T>(train.y[row]);
      else
        labels_[i] = train.labels[row];
    }
    count_ = count;
    batch_ = batch;
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
          static_cast<T>(evaluate_chain(position.data_ptr<T>() + c * params, first_column(c),
                                        evaluation_.grad.data_ptr<T>() + c * params));
    }
    return evaluation_;
  }

  std::int64_t data_count() const override { return posterior_.data_count(); }
  const ParameterLayout& layout() const override { return posterior_.network->layout(); }

 private:
  /// All chains share the columns when only one batch is bound.
  std::int64_t first_column(std::int64_t chain) const {
    return count_ == batch_ ? 0 : chain * batch_;
  }

  double evaluate_chain(const T* theta, std::int64_t column, T* grad) {
    if (column != bound_) {  // chains with batches of their own, or a new batch
      mlp_bind(shape_, x_.data() + column * shape_.widths.front(), batch_, buffers_);
      bound_ = column;
    }
    mlp_forward(shape_, theta, buffers_);
    const double likelihood = loss(static_cast<std::size_t>(column));
    mlp_backward(shape_, theta, buffers_, grad);
    return likelihood + add_prior(theta, grad);
  }

  double loss(std::size_t at) {
    const auto count = static_cast<std::size_t>(batch_);
    const double scale = static_cast<double>(data_count()) / static_cast<double>(batch_);
    if (posterior_.data->task == Task::classification) {
      return categorical_loss<T>(posterior_.data->outputs, buffers_,
                                 std::span<const std::int32_t>(labels_).subspan(at, count), scale);
    }
    const double sd = posterior_.noise_sd;
    const double constant = std::log(sd * std::sqrt(2.0 * std::numbers::pi));
    return gaussian_loss<T>(buffers_, std::span<const T>(y_).subspan(at, count), sd, scale) +
           static_cast<double>(data_count()) * constant;
  }

  double add_prior(const T* theta, T* grad) const {
    double sum = prior_constant_;
    const auto& blocks = layout().blocks();
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::int64_t offset = blocks[b].offset;
      sum += add_gaussian_prior(precision_[b], theta + offset, ParameterLayout::size_of(blocks[b]),
                                grad + offset);
    }
    return sum;
  }

  Posterior posterior_;
  MlpShape shape_;
  MlpBuffers<T> buffers_;
  std::vector<double> precision_;
  double prior_constant_ = 0.0;
  std::vector<T> x_, y_;  ///< [count, inputs], [count]
  std::vector<std::int32_t> labels_;
  std::int64_t count_ = 0, batch_ = 0;
  std::int64_t bound_ = -1;  ///< first row that buffers_ hold
  Evaluation evaluation_;
};

}  // namespace

std::unique_ptr<Potential> make_mlp_potential(const Posterior& posterior, torch::Dtype dtype) {
  if (dtype == torch::kDouble) return std::make_unique<MlpPotential<double>>(posterior);
  return std::make_unique<MlpPotential<float>>(posterior);
}

}  // namespace ergo
