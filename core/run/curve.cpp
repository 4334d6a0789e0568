// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/curve.h"

#include <optional>

#include "core/base/parallel.h"
#include "core/base/torch.h"
#include "core/run/chains.h"
#include "core/run/report.h"

namespace ergo {
namespace {

/// What a chain had cost after `steps` transitions; none where it has not come so far.
const ChainCost* cost_after(const Chain& chain, std::int64_t steps) {
  const PublishedList<ChainCost>& costs = chain.costs();
  for (std::size_t i = 0, count = costs.size(); i < count; ++i) {
    if (costs[i].step == steps) return &costs[i];
  }
  return nullptr;
}

/// False where a chain has not come so far.
bool add_cost(CurvePoint& point, const Chain& chain, std::int64_t steps) {
  const ChainCost* cost = cost_after(chain, steps);
  if (!cost && !chain.divergence()) return false;
  point.gradient_evaluations += cost ? cost->evaluations : chain.gradient_evaluations();
  point.cpu_seconds += cost ? cost->seconds : chain.seconds();
  return true;
}

void add_draws(Report& report, const Chain& chain, const CurveLook& look) {
  if (chain.divergence()) return;
  if (look.members > 0) {
    for (const torch::Tensor& draw : chain.draws()) report.add_draw(draw);
    return;
  }
  const PublishedList<CurvePosition>& places = chain.curve_positions();
  for (std::size_t i = 0, count = places.size(); i < count; ++i) {
    if (look.keeps(places[i].step)) report.add_draw(places[i].position);
  }
}

/// None where the chains have not come so far; without measures where they have no draws there.
std::optional<CurvePoint> point_at(const Experiment& experiment, const CurveLook& look,
                                   const std::vector<Chain*>& chains, const Reference* reference) {
  CurvePoint point;
  Report report(experiment.posterior);
  const auto count = look.members > 0 ? static_cast<std::size_t>(look.members) : chains.size();
  for (std::size_t c = 0; c < count; ++c) {
    if (!add_cost(point, *chains[c], look.collection.steps)) return std::nullopt;
    add_draws(report, *chains[c], look);
  }
  point.draws = report.draws();
  if (point.draws > 0) point.metrics = report.metrics(reference);
  return point;
}

}  // namespace

std::vector<CurvePoint> curve_of(const Experiment& experiment, const SamplerPlan& plan,
                                 const std::vector<Chain*>& chains, const Reference* reference,
                                 int workers) {
  const std::vector<CurveLook>& looks = plan.curve.looks;
  std::vector<std::optional<CurvePoint>> all(looks.size());
  parallel_for(looks.size(), workers, [&](std::size_t i) {
    all[i] = point_at(experiment, looks[i], chains, plan.reference_only ? nullptr : reference);
  });
  std::vector<CurvePoint> points;
  for (std::optional<CurvePoint>& point : all) {
    if (point && point->draws > 0) points.push_back(std::move(*point));
  }
  return points;
}

bool GrowingCurve::update(const Reference* reference) {
  const std::size_t before = points_.size(), divergences = sums_of(chains_).divergences;
  const bool again = divergences != divergences_;
  if (again) {
    points_.clear();
    looked_ = 0;
    divergences_ = divergences;
  }
  for (; looked_ < plan_.curve.looks.size(); ++looked_) {
    std::optional<CurvePoint> point =
        point_at(experiment_, plan_.curve.looks[looked_], chains_, reference);
    if (!point) break;
    if (point->draws > 0) points_.push_back(std::move(*point));
  }
  return again || points_.size() != before;
}

}  // namespace ergo
