// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/curve_plan.h"

#include <algorithm>
#include <cmath>

namespace ergo {
namespace {

constexpr double decades = 2.0;

/// About `points` different numbers up to `end`, log-spaced, the last one being `end`.
std::vector<std::int64_t> log_spaced(std::int64_t end, std::int64_t points) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t j = 1; j <= points; ++j) {
    const double left = static_cast<double>(points - j) / static_cast<double>(points);
    const double share = std::pow(10.0, -decades * left);
    const auto number = static_cast<std::int64_t>(std::llround(share * static_cast<double>(end)));
    if (number >= 1 && (numbers.empty() || number > numbers.back())) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

bool CurvePlan::keeps(std::int64_t t) const {
  return std::any_of(looks.begin(), looks.end(),
                     [t](const CurveLook& look) { return look.members == 0 && look.keeps(t); });
}

bool CurvePlan::ends(std::int64_t t) const {
  return std::any_of(looks.begin(), looks.end(),
                     [t](const CurveLook& look) { return look.collection.steps == t; });
}

std::int64_t CurvePlan::most_positions() const {
  std::int64_t sum = 0;
  for (const CurveLook& look : looks) sum += look.members == 0 ? look.collection.draws : 0;
  return sum;
}

CurvePlan plan_curve(const Sampler& sampler, const std::string& id, const CollectionPlan& whole,
                     std::int64_t burn_in, std::int64_t points) {
  CurvePlan plan;
  for (const std::int64_t steps : log_spaced(whole.steps, points)) {
    CollectionPlan part = whole;
    part.steps = steps;
    if (!whole.schedule) {
      const double product = static_cast<double>(steps) * static_cast<double>(burn_in);
      const auto early = static_cast<std::int64_t>(product / static_cast<double>(whole.steps));
      if (steps == early) continue;
      part = plan_collection(sampler, id, steps, steps == whole.steps ? burn_in : early,
                             std::min(whole.draws, steps - early));
    }
    plan.looks.push_back({part, 0});
  }
  return plan;
}

CurvePlan plan_ensemble_curve(const CollectionPlan& member, std::int64_t members,
                              std::int64_t points) {
  CurvePlan plan;
  for (const std::int64_t made : log_spaced(members, points)) plan.looks.push_back({member, made});
  return plan;
}

}  // namespace ergo
