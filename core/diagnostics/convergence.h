// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/diagnostics/chains.h"
#include "core/diagnostics/normal_scores.h"

namespace ergo::diagnostics {

/// R-hat below which the literature speaks of convergence; shares of values below are stated.
inline constexpr std::array<double, 2> rhat_thresholds = {1.1, 1.2};

/// What the chains of one scalar say; NaN where undefined.
struct Convergence {
  double rhat = std::numeric_limits<double>::quiet_NaN();
  double ess_bulk = rhat, ess_tail = rhat;
  double mcse = rhat;             ///< of the mean, units of the scalar
  std::vector<double> chainwise;  ///< R-hat of each chain alone
  bool capped = false;            ///< an ESS is at its bound
  Flaw flaw = Flaw::none;         ///< why all are undefined
  Flaw rhat_flaw = Flaw::none;    ///< why R-hat is
};

/// Computes them for any scalar with that many chains and draws. Immutable; any thread.
class ConvergenceOf {
 public:
  ConvergenceOf(std::size_t chains, std::size_t draws);
  Convergence operator()(const Chains& chains) const;

 private:
  NormalScores all_, one_;  ///< of all halves, and of those of one chain
};

/// Median and worst of a number over many scalars. An undefined one counts as the worst.
struct Spread {
  double median = std::numeric_limits<double>::quiet_NaN();
  double worst = median;
};
Spread spread_of(std::vector<double> values, bool high_is_worse);

/// What many scalars say together.
struct ConvergenceSummary {
  std::int64_t values = 0, chains = 0, draws = 0;  ///< draws of a chain
  Spread rhat, ess_bulk, ess_tail, mcse;
  /// Shares of R-hats, and of the chain-wise ones of all chains, below each of rhat_thresholds; an
  /// undefined one is not below. NaN when none is defined.
  std::array<double, 2> rhat_below = {rhat.median, rhat.median}, chainwise_below = rhat_below;
  double capped = rhat.median;  ///< share of scalars of which an ESS is at its bound
  /// Why not all are defined: "rhat" and "ess" (which the other numbers share).
  std::map<std::string, std::string> undefined;
};
ConvergenceSummary summarise(std::span<const Convergence> values, std::int64_t chains,
                             std::int64_t draws);

}  // namespace ergo::diagnostics
