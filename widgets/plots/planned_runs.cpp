// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/planned_runs.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "widgets/seed_statistic.h"

namespace ergo {
namespace {

constexpr const char* budgetField = "gradient_evaluations";

nlohmann::json parsed(const std::string& resolvedPreset) {
  auto preset = nlohmann::json::parse(resolvedPreset, nullptr, false);
  return preset.is_object() ? preset : nlohmann::json::object();
}

}  // namespace

std::string problemOf(const std::string& resolvedPreset) {
  nlohmann::json preset = parsed(resolvedPreset);
  if (preset.empty()) return {};
  for (const char* name : {budgetField, "samplers", "curve_points"}) preset.erase(name);
  return preset.dump();
}

std::int64_t budgetOf(const std::string& resolvedPreset) {
  return parsed(resolvedPreset).value(budgetField, std::int64_t{0});
}

PlannedRun plannedRun(std::int64_t budget, std::uint64_t seed,
                      const std::vector<std::vector<CurvePoint>>& curves) {
  PlannedRun run{budget, seed, {}};
  for (const auto& curve : curves)
    run.ends.push_back(curve.empty() ? std::nullopt : std::optional(curve.back()));
  return run;
}

PlannedMarks marksOf(const std::vector<PlannedRun>& runs, std::size_t sampler,
                     const std::string& measure, bool seconds) {
  std::map<std::int64_t, std::pair<std::vector<double>, std::vector<double>>> budgets;
  for (const PlannedRun& run : runs) {
    if (sampler >= run.ends.size() || !run.ends[sampler]) continue;
    const CurvePoint& end = *run.ends[sampler];
    const auto value = end.metrics.find(measure);
    if (value == end.metrics.end() || !std::isfinite(value->second)) continue;
    auto& [costs, values] = budgets[run.budget];
    costs.push_back(seconds ? end.cpu_seconds : static_cast<double>(end.gradient_evaluations));
    values.push_back(value->second);
  }
  PlannedMarks marks;
  for (const auto& [budget, lists] : budgets) {
    const double cost = statisticOf(lists.first).mean;
    if (cost <= 0) continue;  // it has no place on a logarithmic axis
    const SeedStatistic spread = statisticOf(lists.second);
    marks.x.push_back(cost);
    marks.mean.push_back(spread.mean);
    marks.sd.push_back(spread.sd);
  }
  return marks;
}

}  // namespace ergo
