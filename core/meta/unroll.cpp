// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/unroll.h"

#include <cmath>
#include <limits>

#include "core/posteriors/potentials.h"
#include "core/run/collection.h"
#include "core/run/report.h"

namespace ergo {

double unroll(const Sampler& sampler, const MetaTask& task, const UnrollPlan& plan, RngKey key,
              const RunControl& control) {
  const auto potential = make_potential(task.posterior, torch::kFloat);
  TaskBatches batches(task, key.fold_in(3));
  const CollectionPlan collection =
      plan_collection(sampler, "meta", plan.steps, plan.burn_in, plan.draws);
  const RngKey noise = key.fold_in(1);
  ChainState state =
      sampler.init(initial_position(task.posterior, key.fold_in(2), 0, torch::kFloat), 0);
  Report report(task.posterior);
  for (std::int64_t t = 1; t <= plan.steps; ++t) {
    if (control.stopped()) return std::numeric_limits<double>::quiet_NaN();
    batches.bind(*potential, t);
    const TransitionInfo info = sampler.step(noise, state, *potential);
    if (!std::isfinite(info.potential.data_ptr<float>()[0])) {
      return std::numeric_limits<double>::infinity();
    }
    if (collection.keeps(t)) report.add_draw(state.position.reshape({-1}));
  }
  if (!state.momentum.isfinite().all().item<bool>()) return std::numeric_limits<double>::infinity();
  const double loss = report.test_nll();
  return std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity();
}

std::unique_ptr<Sampler> sampler_of(const Arm& arm) {
  const Posterior& posterior = arm.task->posterior;
  return arm.sampler->make(
      arm.phi, {&posterior.layout, arm.plan.steps, arm.plan.burn_in, posterior.data_count(), {}});
}

double unroll(const Arm& arm, const RunControl& control) {
  return unroll(*sampler_of(arm), *arm.task, arm.plan, arm.key, control);
}

}  // namespace ergo
