// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/likelihoods/gaussian.h"

#include <cmath>
#include <numbers>

#include "core/base/torch.h"
#include "core/likelihoods/gaussian_predictive.h"

namespace ergo {
namespace {

class Gaussian final : public Likelihood {
 public:
  Gaussian(std::vector<double> sd, const Standardisation& scale)
      : scale_(scale), sd_(std::move(sd)) {
    for (const double one : sd_) normaliser_ += std::log(one * std::sqrt(2.0 * std::numbers::pi));
  }

  std::string id() const override { return "gaussian"; }
  std::int64_t outputs() const override { return static_cast<std::int64_t>(sd_.size()); }

  torch::Tensor nll(const torch::Tensor& f, const torch::Tensor& target,
                    const torch::Tensor&) const override {
    const torch::Tensor sd = torch::tensor(sd_, f.options());
    const torch::Tensor each = (f - target).square() / (2.0 * sd.square());
    return (each.sum(2) + normaliser_).sum(1);
  }

  bool has_closed_form() const override { return true; }
  double normaliser() const override { return normaliser_; }
  double fused_nll(const FusedLoss<float>& loss) const override { return fused(loss); }
  double fused_nll(const FusedLoss<double>& loss) const override { return fused(loss); }

  /// 1 / sd^2 of each target.
  std::vector<double> row_numbers() const override {
    std::vector<double> precision;
    for (const double sd : sd_) precision.push_back(1.0 / (sd * sd));
    return precision;
  }

  BatchedLoss batched_nll(const torch::Tensor& f, const torch::Tensor& target, const torch::Tensor&,
                          const torch::Tensor& numbers,
                          const torch::Tensor& weight) const override {
    const torch::Tensor residual = f - target;
    const torch::Tensor pull = residual * (weight.unsqueeze(2) * numbers.unsqueeze(1));
    return {(residual * pull).sum({1, 2}) * 0.5, pull, {}};
  }

  std::unique_ptr<Predictive> predictive(const Split& split) const override {
    return make_gaussian_predictive(
        split, scale_,
        [sd = sd_](const OutputView<float>&, const float*, std::int64_t, std::int64_t target) {
          return sd[static_cast<std::size_t>(target)];
        });
  }

  void add_curve(const OutputView<float>& f, const float*, CurveDraws& out) const override {
    for (std::int64_t i = 0; i < f.examples; ++i) {
      out.f.push_back(static_cast<double>(f(0, i)) * scale_.y_sd[0] + scale_.y_mean[0]);
      out.noise_sd.push_back(sd_[0] * scale_.y_sd[0]);
    }
  }

 private:
  template <class T>
  double fused(const FusedLoss<T>& loss) const {
    double sum = 0.0;
    for (std::size_t t = 0; t < sd_.size(); ++t) {
      const auto unit = static_cast<std::int64_t>(t);
      const std::int64_t stride = loss.arrays.stride;
      const double sd = sd_[t];
      const double squares = squared_error<T>(
          {loss.arrays.outputs + unit * stride, loss.arrays.delta + unit * stride, stride},
          {loss.y + unit * loss.y_stride, static_cast<std::size_t>(loss.examples)},
          static_cast<T>(loss.scale / (sd * sd)));
      sum += loss.scale * squares / (2.0 * sd * sd);
    }
    return sum + loss.count * normaliser_;
  }

  Standardisation scale_;
  std::vector<double> sd_;  ///< [targets], standardised units
  double normaliser_ = 0.0;
};

}  // namespace

std::vector<double> noise_sds(const LikelihoodConfig& config, const Dataset& data) {
  constexpr double share = 0.3;  // little enough to fit, and far from none
  std::vector<double> result;
  const std::vector<double>& y_sd = data.standardisation.y_sd;
  const bool given = config.noise_sd > 0.0;
  const std::vector<double> spread = given ? std::vector<double>{} : target_sd(data);
  for (std::size_t t = 0; t < y_sd.size(); ++t) {
    result.push_back((given ? config.noise_sd : share * spread[t]) / y_sd[t]);
  }
  return result;
}

std::shared_ptr<const Likelihood> make_gaussian(const LikelihoodConfig& config,
                                                const Dataset& data) {
  return std::make_shared<Gaussian>(noise_sds(config, data), data.standardisation);
}

}  // namespace ergo
