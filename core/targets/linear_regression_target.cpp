// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/targets/linear_regression_target.h"

#include <Eigen/Dense>
#include <cmath>

#include "core/base/purpose.h"
#include "core/base/torch.h"

namespace ergo {
namespace {

constexpr double prior_scale = 100.0, prior_shape = 2.0, prior_rate = 0.2;

class LinearRegressionTarget final : public LogDensity {
 public:
  explicit LinearRegressionTarget(const LinearRegressionTargetConfig& config)
      : points_(config.points), columns_(config.degree + 1) {
    fill_data();
    fill_moments();
  }

  std::string id() const override { return "linear_regression"; }
  std::int64_t dimensions() const override { return columns_ + 1; }
  torch::Tensor potential(const torch::Tensor& theta) const override {
    const torch::Tensor b = theta.narrow(1, 0, columns_), log_v = theta.select(1, columns_);
    const torch::Tensor rest =
        tensor_y_.to(theta.options()) - torch::matmul(b, tensor_x_.to(theta.options()).t());
    const torch::Tensor twice_rate =
        rest.square().sum(1) + b.square().sum(1) / prior_scale + 2.0 * prior_rate;
    const double powers = 0.5 * static_cast<double>(points_ + columns_) + prior_shape;
    return powers * log_v + 0.5 * twice_rate * torch::exp(-log_v);
  }
  std::vector<double> mean() const override { return mean_; }
  std::vector<double> sd() const override { return sd_; }

 private:
  void fill_data() {
    ScalarStream stream(purpose_key(1, Purpose::data));
    x_.resize(points_, columns_);
    y_.resize(points_);
    for (std::int64_t i = 0; i < points_; ++i) {
      const double x = -1.0 + 2.0 * static_cast<double>(i) / static_cast<double>(points_ - 1);
      y_[i] = std::sin(3.0 * x) + 0.3 * stream.normal();
      for (std::int64_t j = 0; j < columns_; ++j) x_(i, j) = std::pow(x, j);
    }
    const auto options = torch::TensorOptions(torch::kDouble);
    tensor_y_ = torch::from_blob(y_.data(), {points_}, options).clone();
    // Eigen stores columns one after the other.
    tensor_x_ = torch::from_blob(x_.data(), {columns_, points_}, options).t().clone();
  }

  void fill_moments() {
    Eigen::MatrixXd precision = x_.transpose() * x_;
    precision.diagonal().array() += 1.0 / prior_scale;
    const Eigen::MatrixXd covariance =
        precision.llt().solve(Eigen::MatrixXd::Identity(columns_, columns_));
    const Eigen::VectorXd right = x_.transpose() * y_, centre = covariance * right;
    const double shape = prior_shape + 0.5 * static_cast<double>(points_);
    const double rate = prior_rate + 0.5 * (y_.squaredNorm() - centre.dot(right));
    mean_.assign(centre.begin(), centre.end());
    for (std::int64_t j = 0; j < columns_; ++j)
      sd_.push_back(std::sqrt(rate / (shape - 1.0) * covariance(j, j)));
    const torch::Tensor at = torch::full({}, shape, torch::kDouble);
    mean_.push_back(std::log(rate) - torch::digamma(at).item<double>());
    sd_.push_back(std::sqrt(torch::polygamma(1, at).item<double>()));
  }

  std::int64_t points_, columns_;
  Eigen::MatrixXd x_;
  Eigen::VectorXd y_;
  torch::Tensor tensor_x_, tensor_y_;  ///< float64
  std::vector<double> mean_, sd_;
};

}  // namespace

std::shared_ptr<const LogDensity> make_linear_regression_target(
    const LinearRegressionTargetConfig& config) {
  return std::make_shared<LinearRegressionTarget>(config);
}

}  // namespace ergo
