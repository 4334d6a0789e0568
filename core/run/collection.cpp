// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/collection.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <vector>

#include "core/base/error.h"

namespace ergo {
namespace {

/// How many of first, first + stride, ... <= last lie in the parts that may be collected.
std::int64_t count(const std::vector<TransitionSpan>& parts, std::int64_t first,
                   std::int64_t stride, std::int64_t last) {
  const auto up_to = [&](std::int64_t t) { return t < first ? 0 : (t - first) / stride + 1; };
  std::int64_t kept = 0;
  for (const TransitionSpan& part : parts) {
    if (part.first <= last) kept += up_to(std::min(part.last, last)) - up_to(part.first - 1);
  }
  return kept;
}

}  // namespace

CollectionPlan plan_collection(const Sampler& sampler, const std::string& id, std::int64_t steps,
                               std::int64_t burn_in, std::int64_t draws) {
  CollectionPlan plan{steps, burn_in, 1, draws, sampler.draw_schedule()};
  const std::vector<TransitionSpan> parts = sampler.collectable();
  const std::int64_t collectable = count(parts, burn_in + 1, 1, steps);
  if (collectable < draws) {
    throw Error(ExitCode::config,
                fmt::format("Sampler '{}' can keep {} draws per chain in {} transitions (burn-in "
                            "{}), but {} are asked for; lower draws or raise "
                            "gradient_evaluations.",
                            id, collectable, steps, burn_in, draws));
  }
  plan.thin = collectable / draws;
  const auto kept = [&] { return count(parts, burn_in + plan.thin, plan.thin, steps); };
  // By one, but for chains that are too long to try every number.
  while (plan.thin > 1 && kept() < draws) plan.thin -= std::max(std::int64_t{1}, plan.thin >> 20);
  // Surplus states would give this sampler more draws than the others: leave out the earliest.
  for (std::int64_t surplus = kept() - draws; surplus > 0;) {
    plan.burn_in += plan.thin;
    surplus -= !plan.schedule || plan.schedule(plan.burn_in);
  }
  return plan;
}

CollectionPlan plan_record(const Sampler& sampler, std::int64_t steps, std::int64_t burn_in,
                           std::int64_t most) {
  CollectionPlan plan{steps, burn_in, 1, 0, sampler.draw_schedule()};
  if (most == 0) return plan;
  const std::vector<TransitionSpan> parts = sampler.collectable();
  plan.thin = std::max(std::int64_t{1}, (count(parts, burn_in + 1, 1, steps) + most - 1) / most);
  const auto kept = [&] { return count(parts, burn_in + plan.thin, plan.thin, steps); };
  // A schedule of several parts may hold one more of each.
  while ((plan.draws = kept()) > most) plan.thin += std::max(std::int64_t{1}, plan.thin >> 6);
  return plan;
}

}  // namespace ergo
