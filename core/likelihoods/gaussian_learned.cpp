// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/likelihoods/gaussian_learned.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/torch.h"
#include "core/likelihoods/gaussian.h"
#include "core/likelihoods/gaussian_predictive.h"

namespace ergo {
namespace {

const double half_log_two_pi = 0.5 * std::log(2.0 * std::numbers::pi);

/// What both kinds share: T targets with log sd l, -log p = (f - y)^2 / (2 e^2l) + l + const.
class LearnedNoise : public Likelihood {
 public:
  LearnedNoise(const std::vector<double>& sd, const Standardisation& scale) : scale_(scale) {
    for (const double centre : sd) log_sd_.push_back(std::log(centre));
  }

  std::string id() const override { return "gaussian_learned"; }
  bool has_closed_form() const override { return true; }
  double normaliser() const override { return static_cast<double>(targets()) * half_log_two_pi; }

  std::unique_ptr<Predictive> predictive(const Split& split) const override {
    return make_gaussian_predictive(split, scale_, noise());
  }

  void add_curve(const OutputView<float>& f, const float* own, CurveDraws& out) const override {
    const NoiseSd sd = noise();
    for (std::int64_t i = 0; i < f.examples; ++i) {
      out.f.push_back(static_cast<double>(f(0, i)) * scale_.y_sd[0] + scale_.y_mean[0]);
      out.noise_sd.push_back(sd(f, own, i, 0) * scale_.y_sd[0]);
    }
  }

 protected:
  virtual NoiseSd noise() const = 0;
  std::int64_t targets() const { return static_cast<std::int64_t>(log_sd_.size()); }
  /// -log p without constants, summed over the batch and its targets.
  static torch::Tensor sum_nll(const torch::Tensor& residual, const torch::Tensor& log_sd) {
    return (0.5 * (residual * torch::exp(-log_sd)).square() + log_sd).sum({1, 2});
  }

  Standardisation scale_;
  std::vector<double> log_sd_;  ///< of the field, [targets], standardised units
};

class OneNoise final : public LearnedNoise {
 public:
  using LearnedNoise::LearnedNoise;
  std::int64_t outputs() const override { return targets(); }
  std::vector<OwnBlock> own_blocks() const override {
    std::vector<OwnBlock> blocks;
    for (std::size_t t = 0; t < log_sd_.size(); ++t) {
      const bool alone = log_sd_.size() == 1;
      blocks.push_back(
          {alone ? "log_noise" : fmt::format("log_noise.{}", t), {1}, log_sd_[t], 1.0});
    }
    return blocks;
  }

  torch::Tensor nll(const torch::Tensor& f, const torch::Tensor& target,
                    const torch::Tensor& own) const override {
    const torch::Tensor log_sd = own.unsqueeze(1).expand({f.size(0), f.size(1), targets()});
    return sum_nll(f - target, log_sd) + static_cast<double>(f.size(1)) * normaliser();
  }

  double fused_nll(const FusedLoss<float>& loss) const override { return fused(loss); }
  double fused_nll(const FusedLoss<double>& loss) const override { return fused(loss); }

  BatchedLoss batched_nll(const torch::Tensor& f, const torch::Tensor& target,
                          const torch::Tensor& own, const torch::Tensor&,
                          const torch::Tensor& weight) const override {
    const torch::Tensor precision = torch::exp(-2.0 * own).unsqueeze(1);
    const torch::Tensor residual = f - target, w = weight.unsqueeze(2);
    const torch::Tensor delta = residual * precision * w;
    const torch::Tensor squares = (residual * delta).sum(1), counts = weight.sum(1, true);
    return {(0.5 * squares + counts * own).sum(1), delta, counts - squares};
  }

 private:
  NoiseSd noise() const override {
    return [](const OutputView<float>&, const float* own, std::int64_t, std::int64_t target) {
      return std::exp(static_cast<double>(own[target]));
    };
  }

  template <class T>
  double fused(const FusedLoss<T>& loss) const {
    double sum = loss.count * normaliser();
    for (std::int64_t t = 0; t < targets(); ++t) {
      const std::int64_t stride = loss.arrays.stride;
      const auto log_sd = static_cast<double>(loss.own[t]);
      const double precision = loss.scale * std::exp(-2.0 * log_sd);
      const double squares = squared_error<T>(
          {loss.arrays.outputs + t * stride, loss.arrays.delta + t * stride, stride},
          {loss.y + t * loss.y_stride, static_cast<std::size_t>(loss.examples)},
          static_cast<T>(precision));
      sum += 0.5 * precision * squares + loss.count * log_sd;
      loss.own_grad[t] = static_cast<T>(loss.count - precision * squares);
    }
    return sum;
  }
};

class NoiseOfInput final : public LearnedNoise {
 public:
  using LearnedNoise::LearnedNoise;
  std::int64_t outputs() const override { return 2 * targets(); }

  torch::Tensor nll(const torch::Tensor& f, const torch::Tensor& target,
                    const torch::Tensor&) const override {
    const torch::Tensor log_sd = f.slice(2, targets()) + torch::tensor(log_sd_, f.options());
    return sum_nll(f.slice(2, 0, targets()) - target, log_sd) +
           static_cast<double>(f.size(1)) * normaliser();
  }

  double fused_nll(const FusedLoss<float>& loss) const override { return fused(loss); }
  double fused_nll(const FusedLoss<double>& loss) const override { return fused(loss); }
  std::vector<double> row_numbers() const override { return log_sd_; }

  BatchedLoss batched_nll(const torch::Tensor& f, const torch::Tensor& target, const torch::Tensor&,
                          const torch::Tensor& numbers,
                          const torch::Tensor& weight) const override {
    const torch::Tensor log_sd = f.slice(2, targets()) + numbers.unsqueeze(1);
    const torch::Tensor residual = f.slice(2, 0, targets()) - target, w = weight.unsqueeze(2);
    const torch::Tensor pull = residual * torch::exp(-2.0 * log_sd);
    const torch::Tensor squares = residual * pull;
    return {((0.5 * squares + log_sd) * w).sum({1, 2}),
            torch::cat({pull * w, (1.0 - squares) * w}, 2),
            {}};
  }

 private:
  NoiseSd noise() const override {
    return [log_sd = log_sd_](const OutputView<float>& f, const float*, std::int64_t example,
                              std::int64_t target) {
      const auto targets = static_cast<std::int64_t>(log_sd.size());
      return std::exp(log_sd[static_cast<std::size_t>(target)] +
                      static_cast<double>(f(targets + target, example)));
    };
  }

  template <class T>
  double fused(const FusedLoss<T>& loss) const {
    double sum = 0.0;
    const std::int64_t stride = loss.arrays.stride;
    std::fill_n(loss.arrays.delta, outputs() * stride, T(0));
    for (std::int64_t t = 0; t < targets(); ++t) {
      const T* f = loss.arrays.outputs + t * stride;
      const T* h = loss.arrays.outputs + (targets() + t) * stride;
      T* to_f = loss.arrays.delta + t * stride;
      T* to_h = loss.arrays.delta + (targets() + t) * stride;
      for (std::int64_t i = 0; i < loss.examples; ++i) {
        const double log_sd = log_sd_[static_cast<std::size_t>(t)] + static_cast<double>(h[i]);
        const double residual =
            static_cast<double>(f[i]) - static_cast<double>(loss.y[t * loss.y_stride + i]);
        const double pull = residual * std::exp(-2.0 * log_sd);
        sum += 0.5 * residual * pull + log_sd;
        to_f[i] = static_cast<T>(loss.scale * pull);
        to_h[i] = static_cast<T>(loss.scale * (1.0 - residual * pull));
      }
    }
    return loss.scale * sum + loss.count * normaliser();
  }
};

}  // namespace

std::shared_ptr<const Likelihood> make_gaussian_learned(const LikelihoodConfig& config,
                                                        const Dataset& data) {
  const std::vector<double> sd = noise_sds(config, data);
  if (config.input_dependent) return std::make_shared<NoiseOfInput>(sd, data.standardisation);
  return std::make_shared<OneNoise>(sd, data.standardisation);
}

}  // namespace ergo
