// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/torch.h"
#include "core/posteriors/potentials.h"
#include "tests/support/check.h"

/// Potentials with known answers, and small posteriors. Include before Qt where QT_NO_KEYWORDS is
/// not set.
namespace ergo::test {

/// U = 1/2 x' P x for every group of d coordinates: params / d independent copies of one Gaussian.
class QuadraticPotential final : public Potential {
 public:
  QuadraticPotential(torch::Tensor precision, std::int64_t params, std::int64_t data_count = 1)
      : precision_(std::move(precision)), data_count_(data_count) {
    layout_.add("x", {params});
  }
  explicit QuadraticPotential(torch::Tensor precision, ParameterLayout layout,
                              std::int64_t data_count = 1)
      : precision_(std::move(precision)), layout_(std::move(layout)), data_count_(data_count) {}
  void bind(std::span<const std::int64_t>, std::int64_t) override {}
  void bind_all() override {}
  const Evaluation& evaluate(const torch::Tensor& position) override {
    const torch::Tensor x = position.reshape({-1, precision_.size(0)});
    const torch::Tensor grad = torch::matmul(x, precision_.to(position.options()));
    result_.grad = grad.reshape(position.sizes()).contiguous();
    result_.potential = (position * result_.grad).sum(1) * 0.5;
    return result_;
  }
  std::int64_t data_count() const override { return data_count_; }
  const ParameterLayout& layout() const override { return layout_; }

 private:
  torch::Tensor precision_;
  ParameterLayout layout_;
  std::int64_t data_count_;
  Evaluation result_;
};

/// Diagonal precisions.
inline torch::Tensor diagonal(const std::vector<double>& entries) {
  return torch::diag(torch::tensor(entries, torch::kDouble));
}

inline torch::Tensor random_tensor(std::uint64_t seed, std::vector<std::int64_t> shape,
                                   torch::Dtype dtype, double scale = 1.0) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  std::vector<double> values = normals(seed, static_cast<std::size_t>(count), scale);
  return torch::from_blob(values.data(), shape, torch::kDouble).clone().to(dtype);
}

inline std::vector<double> doubles(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.to(torch::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

inline bool same_bits(const torch::Tensor& a, const torch::Tensor& b) { return torch::equal(a, b); }

/// Twenty points of a smooth function of `inputs` variables; labels when `classes` > 0.
inline std::shared_ptr<const Dataset> small_data(std::int64_t inputs, std::int64_t classes,
                                                 std::int64_t points = 20) {
  auto data = std::make_shared<Dataset>();
  data->task = classes > 0 ? Task::classification : Task::regression;
  data->inputs = inputs;
  data->outputs = classes > 0 ? classes : 1;
  data->train.x.count = points;
  data->train.x.shape.width = inputs;
  data->train.x.values = normals(3, static_cast<std::size_t>(points * inputs));
  for (std::int64_t i = 0; i < points; ++i) {
    const double x = data->train.x.values[static_cast<std::size_t>(i * inputs)];
    if (classes > 0)
      data->train.labels.push_back(static_cast<std::int32_t>(i * 7 % classes));
    else
      data->train.y.push_back(std::sin(2.0 * x) + 0.1 * x);
  }
  return data;
}

inline Posterior small_posterior(std::shared_ptr<const Dataset> data,
                                 std::vector<std::int64_t> hidden, const std::string& activation) {
  PosteriorConfig config;
  config.noise_sd = 0.3;
  config.weight_prior = 1.7;
  config.bias_prior = 0.8;
  return make_posterior(std::move(data),
                        {{"hidden", std::move(hidden)}, {"activation", activation}}, config);
}

}  // namespace ergo::test
