// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/collection.h"

#include <spdlog/fmt/fmt.h>

#include "core/base/error.h"

namespace ergo {
namespace {

std::int64_t count_kept(const CollectionPlan& plan) {
  std::int64_t kept = 0;
  for (std::int64_t t = plan.burn_in + plan.thin; t <= plan.steps; t += plan.thin) {
    kept += plan.collects(t);
  }
  return kept;
}

}  // namespace

CollectionPlan plan_collection(const Sampler& sampler, const std::string& id, std::int64_t steps,
                               std::int64_t burn_in, std::int64_t draws) {
  CollectionPlan plan{steps, burn_in, 1, draws, sampler.draw_schedule()};
  std::int64_t collectable = 0;
  for (std::int64_t t = burn_in + 1; t <= steps; ++t) collectable += plan.collects(t);
  if (collectable < draws) {
    throw Error(ExitCode::config,
                fmt::format("Sampler '{}' can keep {} draws per chain in {} transitions (burn-in "
                            "{}), but {} are asked for; lower draws or raise "
                            "gradient_evaluations.",
                            id, collectable, steps, burn_in, draws));
  }
  plan.thin = collectable / draws;
  while (plan.thin > 1 && count_kept(plan) < draws) --plan.thin;
  // Surplus states would give this sampler more draws than the others: leave out the earliest.
  while (count_kept(plan) > draws) plan.burn_in += plan.thin;
  return plan;
}

}  // namespace ergo
