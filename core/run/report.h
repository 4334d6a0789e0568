// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/models/predictor.h"
#include "core/posteriors/posterior.h"
#include "core/run/reference.h"

namespace ergo {

/// Everything that is computed from the draws of one sampler: the same functions serve the live
/// pictures, the table and the files. Predictions are made once per draw. One thread at a time.
class Report {
 public:
  explicit Report(const Posterior& posterior);

  void add_draw(const torch::Tensor& position);  ///< [params]
  void clear();
  std::int64_t draws() const { return draws_; }

  /// Measures of contract "Measures" on the test split, of a bare density those of its moments; NaN
  /// where undefined.
  std::map<std::string, double> metrics(const Reference* reference) const;
  /// NLL on the validation split (tuning), NaN without one or without draws.
  double validation_nll() const;
  double test_nll() const;                   ///< the metric "nll" alone
  Band band() const;                         ///< empty without a grid
  std::vector<double> pairwise_kld() const;  ///< [K, K]; empty without test points
  /// Of the test split; empty without one.
  Predictions predictions() const { return has_test() ? test_->predictions() : Predictions{}; }
  PooledPredictive pooled() const;         ///< empty of a bare density
  ReliabilityUpdated reliability() const;  ///< run and sampler left at 0

 private:
  bool has_test() const { return test_ && posterior_.data->test.size() > 0; }
  void predict(const Split& split, const float* theta, Predictive& out);
  void predict_grid(const float* theta);
  void add_distances(const Reference& reference, std::map<std::string, double>& out) const;

  Posterior posterior_;
  std::optional<Predictor> predictor_;  ///< none for a bare density
  std::unique_ptr<Predictive> test_, validation_;
  CurveDraws curve_;
  std::vector<float> positions_;  ///< of a bare density, [K, params]
  std::int64_t draws_ = 0;
};

}  // namespace ergo
