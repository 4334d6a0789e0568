// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/curve.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/base/torch.h"
#include "core/run/report.h"

namespace ergo {
namespace {

/// What a chain had cost after `steps` transitions, or where it ended before; none where it has
/// neither.
const ChainCost* cost_after(const Chain& chain, std::int64_t steps) {
  for (const ChainCost& cost : chain.costs()) {
    if (cost.step == steps) return &cost;
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
  for (const CurvePosition& place : chain.curve_positions()) {
    if (look.keeps(place.step)) report.add_draw(place.position);
  }
}

/// Without draws where the chains have not come so far.
CurvePoint point_at(const Experiment& experiment, const CurveLook& look,
                    const std::vector<Chain*>& chains, const Reference* reference) {
  CurvePoint point;
  Report report(experiment.posterior);
  const auto count = look.members > 0 ? static_cast<std::size_t>(look.members) : chains.size();
  for (std::size_t c = 0; c < count; ++c) {
    if (!add_cost(point, *chains[c], look.collection.steps)) return {};
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
  std::vector<CurvePoint> points(looks.size());
  parallel_for(looks.size(), workers, [&](std::size_t i) {
    points[i] = point_at(experiment, looks[i], chains, reference);
  });
  std::erase_if(points, [](const CurvePoint& point) { return point.draws == 0; });
  return points;
}

}  // namespace ergo
