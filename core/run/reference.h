// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/events/events.h"
#include "core/run/agreement.h"

namespace ergo {

/// What HMC says, with which the samplers are compared: of a regression draws of the latent
/// function on the preset's grid, of a classification what each chain predicts at the test points.
struct Reference {
  std::int64_t chains = 0, draws = 0, grid = 0;  ///< draws per chain
  std::vector<double> f;                         ///< [chains * draws, grid], chain-major
  std::map<std::string, std::string> metadata;   ///< hash, acceptance, rhat_max, seed, ...
  std::int64_t points = 0, classes = 0;          ///< of a classification
  std::vector<double> probability = {};  ///< mean over a chain's draws, [chains, points, classes]

  bool empty() const { return f.empty() && probability.empty(); }
  /// Made for these data: their grid, or their number of test points and classes.
  bool fits(const Dataset& data) const;
  /// Chains first .. last - 1 together.
  PooledPredictive pooled(std::int64_t first, std::int64_t last) const;
  PooledPredictive pooled() const { return pooled(0, chains); }
  /// Between the first and the second half of the chains; empty with one chain.
  std::map<std::string, double> self_agreement() const;
  Band band() const;  ///< empty of a classification
};

/// Worst rank-normalised split R-hat of f over the grid; NaN where one of them is undefined.
double worst_rhat(const Reference& reference);

/// Keeps at most `draws` per chain, evenly thinned.
Reference thinned(const Reference& reference, std::int64_t draws);

/// @throws Error{data} naming the file when it is no reference file.
Reference load_reference(const std::filesystem::path& file);
std::string serialise_reference(const Reference& reference);  ///< bytes of such a file

}  // namespace ergo
