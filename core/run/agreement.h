// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ergo {

/// What all draws of a sampler predict together: class probabilities at the test points, or the
/// curve on the grid. Empty without draws, and where there is neither.
struct PooledPredictive {
  std::int64_t classes = 0;         ///< of a classification
  std::vector<double> probability;  ///< mean over the draws, [points, classes]
  std::int64_t draws = 0, grid = 0;
  std::vector<double> f;  ///< [draws, grid], original units, without noise
};

/// How near two predictives are: "top1_agreement" and "total_variation" of classes, "wasserstein"
/// (mean over the grid, original units) of curves; empty where one is empty or they do not match.
std::map<std::string, double> agreement(const PooledPredictive& a, const PooledPredictive& b);

/// Of two samplers of a run.
struct PairAgreement {
  std::string first, second;  ///< ids
  std::map<std::string, double> measures;
};

/// Of every pair that has one, in the order of the samplers.
std::vector<PairAgreement> pairwise_agreement(const std::vector<std::string>& ids,
                                              const std::vector<PooledPredictive>& predictives);

}  // namespace ergo
