// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>

#include "core/samplers/sampler.h"

namespace ergo {

/// Which transitions t = 1..steps of a chain are kept as draws.
struct CollectionPlan {
  std::int64_t steps = 1, burn_in = 0, thin = 1, draws = 1;
  DrawSchedule schedule{};  ///< the sampler's; empty: every transition

  /// After the burn-in, and the sampler's schedule allows it.
  bool collects(std::int64_t t) const { return t > burn_in && (!schedule || schedule(t)); }
  /// Those of them with (t - burn_in) mod thin = 0.
  bool keeps(std::int64_t t) const { return (t - burn_in) % thin == 0 && collects(t); }
};

/// The largest thin that keeps at least `draws` states; the earliest surplus states are left out
/// by a larger burn_in. @throws Error{config} when the chain is too short for that many draws.
CollectionPlan plan_collection(const Sampler& sampler, const std::string& id, std::int64_t steps,
                               std::int64_t burn_in, std::int64_t draws);

/// Equally spaced transitions among those that may give draws after the burn-in, at most `most` (0:
/// none); `draws` says how many.
CollectionPlan plan_record(const Sampler& sampler, std::int64_t steps, std::int64_t burn_in,
                           std::int64_t most);

}  // namespace ergo
