// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/events/events.h"

namespace ergo {

/// HMC draws of the latent function on the preset's grid: what the samplers are compared with.
struct Reference {
  std::int64_t chains = 0, draws = 0, grid = 0;  ///< draws per chain
  std::vector<double> f;                         ///< [chains * draws, grid], chain-major
  std::map<std::string, std::string> metadata;   ///< hash, acceptance, rhat_max, seed, ...

  /// W1 between the pooled draws of the first and second half of the chains; NaN with one chain.
  double self_distance() const;
  Band band() const;
};

/// Worst rank-normalised split R-hat of f over the grid; NaN where one of them is undefined.
double worst_rhat(const Reference& reference);

/// Keeps at most `draws` per chain, evenly thinned.
Reference thinned(const Reference& reference, std::int64_t draws);

/// @throws Error{data} naming the file when it is no reference file.
Reference load_reference(const std::filesystem::path& file);
std::string serialise_reference(const Reference& reference);  ///< bytes of such a file

}  // namespace ergo
