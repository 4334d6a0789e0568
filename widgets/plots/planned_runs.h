// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/events/events.h"

namespace ergo {

/// Where the samplers of a run ended that was planned for `budget` gradient evaluations: what the
/// anytime view of another run's schedule cannot show.
struct PlannedRun {
  std::int64_t budget = 0;
  std::uint64_t seed = 0;
  std::vector<std::optional<CurvePoint>> ends;  ///< per sampler
};

/// What runs of one preset with other budgets have in common: everything but the budget and the
/// samplers' fields, which are tuned for it. Empty for a text that is no preset.
std::string problemOf(const std::string& resolvedPreset);

/// The field `gradient_evaluations`; 0 where there is none.
std::int64_t budgetOf(const std::string& resolvedPreset);

/// The last points of curves.
PlannedRun plannedRun(std::int64_t budget, std::uint64_t seed,
                      const std::vector<std::vector<CurvePoint>>& curves);

/// One sampler's, over the seeds of each budget: seconds or evaluations, mean and sd of a measure.
struct PlannedMarks {
  std::vector<double> x, mean, sd;
};
PlannedMarks marksOf(const std::vector<PlannedRun>& runs, std::size_t sampler,
                     const std::string& measure, bool seconds);

}  // namespace ergo
