// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/targets/gaussian_target.h"

#include <cmath>

#include "core/base/torch.h"

namespace ergo {
namespace {

class GaussianTarget final : public LogDensity {
 public:
  explicit GaussianTarget(const GaussianTargetConfig& config) {
    const auto d = static_cast<std::size_t>(config.dimensions);
    for (std::size_t i = 0; i < d; ++i) {
      const double part = d > 1 ? static_cast<double>(i) / static_cast<double>(d - 1) : 0.0;
      sd_.push_back(config.sd_min * std::pow(config.sd_max / config.sd_min, part));
    }
    fill_precision(config.correlation);
  }

  std::string id() const override { return "gaussian"; }
  std::int64_t dimensions() const override { return static_cast<std::int64_t>(sd_.size()); }
  torch::Tensor potential(const torch::Tensor& theta) const override {
    return (torch::matmul(theta, precision_.to(theta.options())) * theta).sum(1) * 0.5;
  }
  std::vector<double> mean() const override { return std::vector<double>(sd_.size(), 0.0); }
  std::vector<double> sd() const override { return sd_; }

 private:
  /// The inverse of an AR(1) correlation matrix is tridiagonal: with c = 1 / (1 - rho^2), c at the
  /// ends and c (1 + rho^2) between on the diagonal, -c rho beside it.
  void fill_precision(double rho) {
    const std::int64_t d = dimensions();
    precision_ = torch::zeros({d, d}, torch::kDouble);
    auto p = precision_.accessor<double, 2>();
    const double c = 1.0 / (1.0 - rho * rho);
    for (std::int64_t i = 0; i < d; ++i) {
      const bool end = i == 0 || i + 1 == d;
      p[i][i] = d == 1 ? 1.0 : (end ? c : c * (1.0 + rho * rho));
      if (i > 0) p[i][i - 1] = p[i - 1][i] = -c * rho;
    }
    for (std::int64_t i = 0; i < d; ++i) {
      for (std::int64_t j = 0; j < d; ++j) {
        p[i][j] /= sd_[static_cast<std::size_t>(i)] * sd_[static_cast<std::size_t>(j)];
      }
    }
  }

  std::vector<double> sd_;
  torch::Tensor precision_;  ///< [d, d], float64
};

}  // namespace

std::shared_ptr<const LogDensity> make_gaussian_target(const GaussianTargetConfig& config) {
  return std::make_shared<GaussianTarget>(config);
}

}  // namespace ergo
