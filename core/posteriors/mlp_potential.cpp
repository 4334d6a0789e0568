// SPDX-License-Identifier: GPL-3.0-or-later
#include <vector>

#include "core/kernels/mlp_gradient.h"
#include "core/posteriors/posterior.h"

namespace ergo {
namespace {

template <class T>
class MlpPotential final : public Potential {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

 public:
  explicit MlpPotential(const Posterior& posterior)
      : posterior_(posterior), gradient_(*posterior.network) {
    for (const double sd : posterior_.prior_sd) precision_.push_back(1.0 / (sd * sd));
    prior_constant_ = posterior_.prior_constant();
  }

  void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
    const auto count = static_cast<std::int64_t>(rows.size());
    const Split& train = posterior_.data->train;
    x_.resize(train.x.width, count);
    train.x.gather(rows.data(), count, x_.data());
    const bool regression = posterior_.data->task == Task::regression;
    y_.resize(regression ? rows.size() : 0);
    labels_.resize(regression ? 0 : rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      if (regression) y_[i] = static_cast<T>(train.y[row]);
      else labels_[i] = train.labels[row];
    }
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
      evaluation_.potential.data_ptr<T>()[c] = static_cast<T>(
          evaluate_chain(position.data_ptr<T>() + c * params, first_column(c),
                         evaluation_.grad.data_ptr<T>() + c * params));
    }
    return evaluation_;
  }

  std::int64_t data_count() const override { return posterior_.data_count(); }
  const ParameterLayout& layout() const override { return posterior_.network->layout(); }

 private:
  /// All chains share the columns when only one batch is bound.
  std::int64_t first_column(std::int64_t chain) const {
    return x_.cols() == batch_ ? 0 : chain * batch_;
  }

  double evaluate_chain(const T* theta, std::int64_t column, T* grad) {
    const auto x = x_.middleCols(column, batch_);
    const double scale = static_cast<double>(data_count()) / static_cast<double>(batch_);
    delta_ = gradient_.forward(theta, x);
    const auto at = static_cast<std::size_t>(column), count = static_cast<std::size_t>(batch_);
    const double likelihood =
        posterior_.data->task == Task::regression
            ? gaussian_loss<T>(delta_, std::span<const T>(y_).subspan(at, count),
                               posterior_.noise_sd, scale)
            : categorical_loss<T>(
                  delta_, std::span<const std::int32_t>(labels_).subspan(at, count), scale);
    gradient_.backward(theta, x, delta_, grad);
    return likelihood + add_prior(theta, grad);
  }

  double add_prior(const T* theta, T* grad) const {
    using Array = Eigen::Array<T, Eigen::Dynamic, 1>;
    double sum = prior_constant_;
    const auto& blocks = layout().blocks();
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::int64_t size = ParameterLayout::size_of(blocks[b]);
      const Eigen::Map<const Array> t(theta + blocks[b].offset, size);
      Eigen::Map<Array>(grad + blocks[b].offset, size) += static_cast<T>(precision_[b]) * t;
      sum += 0.5 * precision_[b] * static_cast<double>(t.square().sum());
    }
    return sum;
  }

  Posterior posterior_;
  MlpGradient<T> gradient_;
  std::vector<double> precision_;
  double prior_constant_ = 0.0;
  Matrix x_, delta_;
  std::vector<T> y_;
  std::vector<std::int32_t> labels_;
  std::int64_t batch_ = 0;
  Evaluation evaluation_;
};

}  // namespace

std::unique_ptr<Potential> make_mlp_potential(const Posterior& posterior, torch::Dtype dtype) {
  if (dtype == torch::kDouble) return std::make_unique<MlpPotential<double>>(posterior);
  return std::make_unique<MlpPotential<float>>(posterior);
}

}  // namespace ergo
