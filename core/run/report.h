// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/kernels/mlp_passes.h"
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

  /// Measures of contract "Measures" on the test split; NaN where undefined.
  std::map<std::string, double> metrics(const Reference* reference) const;
  /// NLL on the validation split (tuning), NaN without one or without draws.
  double validation_nll() const;
  double test_nll() const;                   ///< the metric "nll" alone
  Band band() const;                         ///< empty without a grid
  std::vector<double> pairwise_kld() const;  ///< [K, K]
  ReliabilityUpdated reliability() const;    ///< run and sampler left at 0
  const std::vector<double>& grid_predictions() const { return grid_f_; }  ///< [K, G]

 private:
  struct SplitPredictions {
    std::vector<double> f;        ///< regression: [K, n], original units
    std::vector<float> log_prob;  ///< classification: [K, n, C]
  };
  void predict(const Split& split, const float* theta, SplitPredictions& out);
  void predict_grid(const float* theta);
  std::map<std::string, double> regression_metrics() const;
  std::map<std::string, double> classification_metrics() const;
  double nll_of(const Split& split, const SplitPredictions& predictions) const;
  std::vector<double> original_targets(const Split& split) const;
  double sigma() const;  ///< noise sd in original units

  Posterior posterior_;
  MlpShape shape_;
  MlpBuffers<float> buffers_;
  std::int64_t draws_ = 0;
  SplitPredictions test_, validation_;
  std::vector<double> grid_f_;
};

}  // namespace ergo
