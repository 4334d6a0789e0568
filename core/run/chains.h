// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/run/chain.h"

namespace ergo {

/// The chains of a run, grouped by sampler, each group in the order of the chains' numbers.
class Chains {
 public:
  explicit Chains(const Experiment& experiment);  ///< outlives it
  const std::vector<Chain*>& of(std::size_t sampler) const { return by_sampler_[sampler]; }
  const std::vector<Chain*>& all() const { return all_; }  ///< group after group

 private:
  std::vector<std::unique_ptr<Chain>> owned_;
  std::vector<Chain*> all_;
  std::vector<std::vector<Chain*>> by_sampler_;
};

/// What the chains of one sampler have done together.
struct ChainSums {
  std::int64_t gradient_evaluations = 0;
  double seconds = 0.0;         ///< CPU time
  double fraction = 0.0;        ///< 0 to 1, mean over the chains
  std::size_t divergences = 0;  ///< chains that diverged
  bool finished = true;         ///< all have ended, and none was cut short
  bool all_diverged = false;

  /// "diverged", "done", or `unfinished` ("running", "stopped").
  std::string status(const std::string& unfinished) const;
};
ChainSums sums_of(const std::vector<Chain*>& chains);

}  // namespace ergo
