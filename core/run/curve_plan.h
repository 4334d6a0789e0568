// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/run/collection.h"

namespace ergo {

/// One look at a run that has come so far: the draws that the collection rule would have kept had
/// the chains ended after `collection.steps` transitions.
struct CurveLook {
  CollectionPlan collection;
  std::int64_t members = 0;  ///< of an ensemble: how many have been made; else 0
  bool keeps(std::int64_t t) const { return t <= collection.steps && collection.keeps(t); }
};

/// When the curve of a sampler looks at its run, per chain: log-spaced from about a hundredth of
/// the run to its end. Empty: there is no curve.
struct CurvePlan {
  std::vector<CurveLook> looks;  ///< steps (or members) rise
  /// Is the position after transition t needed? Of an ensemble none is: each gives its one draw.
  bool keeps(std::int64_t t) const;
  bool ends(std::int64_t t) const;      ///< does a look end with transition t?
  std::int64_t most_positions() const;  ///< an upper bound of those that are needed
};

/// For a sampler whose chains begin to collect after `burn_in` of `whole.steps`: a burn-in shrinks
/// with the length, while a schedule of the sampler's own counts what there is so far.
CurvePlan plan_curve(const Sampler& sampler, const std::string& id, const CollectionPlan& whole,
                     std::int64_t burn_in, std::int64_t points);

/// As if `members` had been made one after the other.
CurvePlan plan_ensemble_curve(const CollectionPlan& member, std::int64_t members,
                              std::int64_t points);

}  // namespace ergo
