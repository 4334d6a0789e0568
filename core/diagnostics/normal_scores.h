// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <vector>

#include "core/diagnostics/chains.h"

namespace ergo::diagnostics {

/// Phi^-1(p) for 0 < p < 1, to about 1e-15 relative.
double normal_quantile(double p);

/// Normal scores z = Phi^-1((rank - 3/8) / (n + 1/4)) of n values, computed once for all scalars
/// with as many. Immutable; any thread.
class NormalScores {
 public:
  explicit NormalScores(std::size_t count);
  /// Each value's score, ranks over all chains, equal values sharing their mean rank.
  /// @pre the chains hold `count` values in all.
  Chains of(const Chains& chains) const;

 private:
  std::vector<double> by_twice_rank_;  ///< of 2 rank - 2, because mean ranks may be halves
};

}  // namespace ergo::diagnostics
