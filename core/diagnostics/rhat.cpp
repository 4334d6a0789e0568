// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/rhat.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ergo::diagnostics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

NormalScores scores_for(const Chains& sequences) {
  return NormalScores(sequences.size() * sequences[0].size());
}

}  // namespace

double plain_rhat(const Chains& sequences) {
  const auto draws = static_cast<double>(sequences[0].size());
  double within = 0.0;
  for (const auto& sequence : sequences) within += variance_of(sequence);
  within /= static_cast<double>(sequences.size());
  const double between = draws * variance_of(means_of(sequences));
  return std::sqrt((between / within + draws - 1.0) / draws);
}

double rhat(const Chains& halves, const Chains& scores_of_halves, const NormalScores& scores) {
  // As in ArviZ, an undefined folded part (two values only, for instance) leaves the bulk part.
  return std::max(plain_rhat(scores_of_halves), plain_rhat(scores.of(folded(halves))));
}

double rhat(const Chains& chains) {
  if (chains.size() < 2 || flaw_of(chains) != Flaw::none) return nan;
  const Chains halves = split(chains);
  const NormalScores scores = scores_for(halves);
  return rhat(halves, scores.of(halves), scores);
}

double chainwise_rhat(const std::vector<double>& chain) {
  if (flaw_of({chain}) != Flaw::none) return nan;
  const Chains halves = split({chain});
  return plain_rhat(scores_for(halves).of(halves));
}

}  // namespace ergo::diagnostics
