// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/likelihoods/categorical.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/torch.h"
#include "core/diagnostics/diversity.h"
#include "core/diagnostics/predictive.h"

namespace ergo {
namespace {

/// Measures "accuracy", "nll", "ece", "brier", "kld" and "disagreement".
class CategoricalPredictive final : public Predictive {
 public:
  CategoricalPredictive(const Split& split, std::int64_t classes)
      : split_(split), classes_(classes) {}

  void add_rows(const OutputView<float>& f, const float*) override {
    for (std::int64_t i = 0; i < f.examples; ++i) {
      float top = f(0, i), sum = 0.0f;
      for (std::int64_t c = 1; c < f.units; ++c) top = std::max(top, f(c, i));
      for (std::int64_t c = 0; c < f.units; ++c) sum += std::exp(f(c, i) - top);
      const float log_sum = top + std::log(sum);
      for (std::int64_t c = 0; c < f.units; ++c) log_prob_.push_back(f(c, i) - log_sum);
    }
  }
  void end_draw() override { ++draws_; }
  void clear() override {
    draws_ = 0;
    log_prob_.clear();
  }

  double nll() const override {
    if (draws_ == 0 || split_.size() == 0) return std::numeric_limits<double>::quiet_NaN();
    return diagnostics::nll(bma(), split_.labels);
  }
  std::map<std::string, double> measures() const override {
    const auto pooled = bma();
    return {{"accuracy", diagnostics::accuracy(pooled, split_.labels)},
            {"nll", diagnostics::nll(pooled, split_.labels)},
            {"ece", diagnostics::expected_calibration_error(
                        diagnostics::reliability_bins(pooled, split_.labels))},
            {"brier", diagnostics::brier(pooled, split_.labels)},
            {"kld", diagnostics::mean_over_pairs(pairwise_kld(), draws_)},
            {"disagreement",
             diagnostics::pairwise_disagreement(log_prob_, draws_, split_.size(), classes_)}};
  }
  std::vector<double> pairwise_kld() const override {
    return diagnostics::pairwise_kld(log_prob_, draws_, split_.size(), classes_);
  }
  diagnostics::Reliability reliability() const override {
    return diagnostics::reliability_bins(bma(), split_.labels);
  }
  Predictions predictions() const override {
    return {draws_, split_.size(), classes_, {log_prob_.begin(), log_prob_.end()}, {}};
  }

 private:
  std::vector<double> bma() const {
    return diagnostics::bma_log_prob(log_prob_, draws_, split_.size(), classes_);
  }

  const Split& split_;
  std::int64_t classes_, draws_ = 0;
  std::vector<float> log_prob_;  ///< [draws, rows, classes]
};

class Categorical final : public Likelihood {
 public:
  explicit Categorical(std::int64_t classes) : classes_(classes) {}

  std::string id() const override { return "categorical"; }
  std::int64_t outputs() const override { return classes_; }

  torch::Tensor nll(const torch::Tensor& f, const torch::Tensor& target,
                    const torch::Tensor&) const override {
    const torch::Tensor index = target.expand({f.size(0), f.size(1)}).unsqueeze(2);
    return -torch::log_softmax(f, 2).gather(2, index).sum({1, 2});
  }

  bool has_closed_form() const override { return true; }
  double fused_nll(const FusedLoss<float>& loss) const override {
    return categorical_loss<float>(loss.arrays, classes_, loss.labels, loss.scale, loss.scratch);
  }
  double fused_nll(const FusedLoss<double>& loss) const override {
    return categorical_loss<double>(loss.arrays, classes_, loss.labels, loss.scale, loss.scratch);
  }

  BatchedLoss batched_nll(const torch::Tensor& f, const torch::Tensor& target, const torch::Tensor&,
                          const torch::Tensor&, const torch::Tensor& weight) const override {
    const torch::Tensor index = target.expand({f.size(0), f.size(1)}).unsqueeze(2);
    const torch::Tensor log_p = torch::log_softmax(f, 2);
    const torch::Tensor nll = -(log_p.gather(2, index).squeeze(2) * weight).sum(1);
    const torch::Tensor minus_one = torch::full_like(index, -1, f.options());
    return {nll, log_p.exp().scatter_add(2, index, minus_one) * weight.unsqueeze(2), {}};
  }

  std::unique_ptr<Predictive> predictive(const Split& split) const override {
    return std::make_unique<CategoricalPredictive>(split, classes_);
  }

 private:
  std::int64_t classes_;
};

}  // namespace

std::shared_ptr<const Likelihood> make_categorical(const LikelihoodConfig&, const Dataset& data) {
  return std::make_shared<Categorical>(data.outputs);
}

}  // namespace ergo
