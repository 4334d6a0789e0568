// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/targets/mixture_target.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/base/torch.h"

namespace ergo {
namespace {

class MixtureTarget final : public LogDensity {
 public:
  explicit MixtureTarget(const MixtureTargetConfig& config) : config_(config) {}

  std::string id() const override { return "mixture"; }
  std::int64_t dimensions() const override { return 2; }
  /// A grid of modes is a product of one mixture a coordinate.
  torch::Tensor potential(const torch::Tensor& theta) const override {
    const double scale = -0.5 / (config_.mode_sd * config_.mode_sd);
    const torch::Tensor centres =
        (torch::arange(config_.side, theta.options()) - middle()) * config_.spacing;
    return -torch::logsumexp((theta.unsqueeze(2) - centres).square() * scale, 2).sum(1);
  }
  std::vector<double> mean() const override { return {0.0, 0.0}; }
  /// Of k equally spaced centres the variance is spacing^2 (k^2 - 1) / 12.
  std::vector<double> sd() const override {
    const auto k = static_cast<double>(config_.side);
    const double between = config_.spacing * config_.spacing * (k * k - 1.0) / 12.0;
    const double sd = std::sqrt(between + config_.mode_sd * config_.mode_sd);
    return {sd, sd};
  }
  std::map<std::string, double> measures(std::span<const float> x) const override {
    std::set<std::pair<double, double>> visited;
    for (std::size_t at = 0; at + 1 < x.size(); at += 2) {
      const double row = nearest(x[at]), column = nearest(x[at + 1]);
      const double distance = std::hypot(static_cast<double>(x[at]) - centre(row),
                                         static_cast<double>(x[at + 1]) - centre(column));
      if (distance <= 3.0 * config_.mode_sd) visited.emplace(row, column);
    }
    return {{"modes_visited", static_cast<double>(visited.size())}};
  }

 private:
  double middle() const { return 0.5 * static_cast<double>(config_.side - 1); }
  double centre(double index) const { return (index - middle()) * config_.spacing; }
  double nearest(float x) const {
    const double index = std::round(static_cast<double>(x) / config_.spacing + middle());
    return std::clamp(index, 0.0, static_cast<double>(config_.side - 1));
  }

  MixtureTargetConfig config_;
};

}  // namespace

std::shared_ptr<const LogDensity> make_mixture_target(const MixtureTargetConfig& config) {
  return std::make_shared<MixtureTarget>(config);
}

}  // namespace ergo
