// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/targets/funnel_target.h"

#include <cmath>

#include "core/base/torch.h"

namespace ergo {
namespace {

constexpr double lowest_tenth = -1.2815515655446004;  // quantile 0.1 of N(0, 1)

class FunnelTarget final : public LogDensity {
 public:
  explicit FunnelTarget(const FunnelTargetConfig& config) : config_(config) {}

  std::string id() const override { return "funnel"; }
  std::int64_t dimensions() const override { return config_.dimensions; }
  torch::Tensor potential(const torch::Tensor& theta) const override {
    const double variance = config_.log_scale_sd * config_.log_scale_sd;
    const auto others = static_cast<double>(config_.dimensions - 1);
    const torch::Tensor v = theta.select(1, 0);
    const torch::Tensor squares = theta.narrow(1, 1, config_.dimensions - 1).square().sum(1);
    return 0.5 * (v.square() / variance + others * v + squares * torch::exp(-v));
  }
  std::vector<double> mean() const override {
    return std::vector<double>(static_cast<std::size_t>(config_.dimensions), 0.0);
  }
  /// var x = E exp(v) = exp(s^2 / 2).
  std::vector<double> sd() const override {
    const double s = config_.log_scale_sd;
    std::vector<double> sd(static_cast<std::size_t>(config_.dimensions), std::exp(s * s / 4.0));
    sd.front() = s;
    return sd;
  }
  std::map<std::string, double> measures(std::span<const float> x) const override {
    const auto d = static_cast<std::size_t>(config_.dimensions);
    double inside = 0.0;
    for (std::size_t at = 0; at < x.size(); at += d)
      inside += static_cast<double>(x[at]) < lowest_tenth * config_.log_scale_sd ? 1.0 : 0.0;
    return {{"neck_mass", inside * static_cast<double>(d) / static_cast<double>(x.size())}};
  }

 private:
  FunnelTargetConfig config_;
};

}  // namespace

std::shared_ptr<const LogDensity> make_funnel_target(const FunnelTargetConfig& config) {
  return std::make_shared<FunnelTarget>(config);
}

}  // namespace ergo
