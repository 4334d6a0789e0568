// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/likelihoods/gaussian_predictive.h"

#include <utility>

#include "core/diagnostics/diversity.h"
#include "core/diagnostics/predictive.h"

namespace ergo {
namespace {

class GaussianPredictive final : public Predictive {
 public:
  GaussianPredictive(const Split& split, const Standardisation& scale, NoiseSd noise)
      : rows_(split.size()), scale_(scale), noise_(std::move(noise)), y_(split.y) {
    for (std::size_t i = 0; i < y_.size(); ++i) {
      const std::size_t t = i % scale_.y_sd.size();
      y_[i] = y_[i] * scale_.y_sd[t] + scale_.y_mean[t];
    }
  }

  void add_rows(const OutputView<float>& f, const float* own) override {
    for (std::int64_t i = 0; i < f.examples; ++i) {
      for (std::size_t t = 0; t < scale_.y_sd.size(); ++t) {
        const auto target = static_cast<std::int64_t>(t);
        f_.push_back(static_cast<double>(f(target, i)) * scale_.y_sd[t] + scale_.y_mean[t]);
        sd_.push_back(noise_(f, own, i, target) * scale_.y_sd[t]);
      }
    }
  }
  void end_draw() override { ++draws_; }
  void clear() override {
    draws_ = 0;
    f_.clear();
    sd_.clear();
  }

  double nll() const override { return diagnostics::gaussian_nll(draws(), y_); }
  std::map<std::string, double> measures() const override {
    return {{"nll", nll()},
            {"rmse", diagnostics::rmse(draws(), y_)},
            {"coverage_90", diagnostics::coverage(diagnostics::pit(draws(), y_), 0.9)},
            {"kld", diagnostics::mean_over_pairs(pairwise_kld(), draws_)}};
  }
  std::vector<double> pairwise_kld() const override {
    return diagnostics::pairwise_kld_gaussian(draws());
  }
  diagnostics::Reliability reliability() const override {
    return diagnostics::coverage_curve(diagnostics::pit(draws(), y_));
  }
  Predictions predictions() const override {
    const auto targets = static_cast<std::int64_t>(scale_.y_sd.size());
    Predictions p{draws_, rows_, targets, f_, sd_};
    if (rows_ > 0 && rows_share_noise()) {
      p.noise_sd.clear();
      for (std::int64_t k = 0; k < draws_; ++k) {
        const auto first = sd_.begin() + k * rows_ * targets;
        p.noise_sd.insert(p.noise_sd.end(), first, first + targets);
      }
    }
    return p;
  }

 private:
  bool rows_share_noise() const {
    const std::size_t targets = scale_.y_sd.size();
    const std::size_t draw = static_cast<std::size_t>(rows_) * targets;
    for (std::size_t i = 0; i < sd_.size(); ++i) {
      if (sd_[i] != sd_[i / draw * draw + i % targets]) return false;
    }
    return true;
  }

  diagnostics::GaussianDraws draws() const {
    return {f_, sd_, draws_, rows_, static_cast<std::int64_t>(scale_.y_sd.size())};
  }

  std::int64_t rows_, draws_ = 0;
  Standardisation scale_;
  NoiseSd noise_;
  std::vector<double> y_;       ///< [rows, targets]
  std::vector<double> f_, sd_;  ///< [draws, rows, targets]
};

}  // namespace

std::unique_ptr<Predictive> make_gaussian_predictive(const Split& split,
                                                     const Standardisation& scale, NoiseSd noise) {
  return std::make_unique<GaussianPredictive>(split, scale, std::move(noise));
}

}  // namespace ergo
