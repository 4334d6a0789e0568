// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/targets/banana_target.h"

#include <cmath>

#include "core/base/torch.h"

namespace ergo {
namespace {

class BananaTarget final : public LogDensity {
 public:
  explicit BananaTarget(const BananaTargetConfig& config) : config_(config) {}

  std::string id() const override { return "banana"; }
  std::int64_t dimensions() const override { return 2; }
  torch::Tensor potential(const torch::Tensor& theta) const override {
    const double variance = config_.width * config_.width;
    const torch::Tensor x = theta.select(1, 0);
    const torch::Tensor z = theta.select(1, 1) - config_.curvature * (x.square() - variance);
    return 0.5 * (x.square() / variance + z.square());
  }
  std::vector<double> mean() const override { return {0.0, 0.0}; }
  /// var(x_1^2) = 2 s^4.
  std::vector<double> sd() const override {
    const double bend = config_.curvature * config_.width * config_.width;
    return {config_.width, std::sqrt(1.0 + 2.0 * bend * bend)};
  }

 private:
  BananaTargetConfig config_;
};

}  // namespace

std::shared_ptr<const LogDensity> make_banana_target(const BananaTargetConfig& config) {
  return std::make_shared<BananaTarget>(config);
}

}  // namespace ergo
