// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/chains.h"

namespace ergo {

Chains::Chains(const Experiment& experiment) {
  for (std::size_t s = 0; s < experiment.samplers.size(); ++s) {
    const SamplerPlan& plan = experiment.samplers[s];
    std::vector<Chain*>& group = by_sampler_.emplace_back();
    for (std::int64_t c = 0; c < plan.chains; ++c) {
      owned_.push_back(std::make_unique<Chain>(experiment, plan, static_cast<int>(s), c));
      group.push_back(owned_.back().get());
    }
    all_.insert(all_.end(), group.begin(), group.end());
  }
}

std::string ChainSums::status(const std::string& unfinished) const {
  if (all_diverged) return "diverged";
  return finished ? "done" : unfinished;
}

ChainSums sums_of(const std::vector<Chain*>& chains) {
  ChainSums sums;
  const auto count = static_cast<double>(chains.size());
  for (const Chain* chain : chains) {
    sums.gradient_evaluations += chain->gradient_evaluations();
    sums.seconds += chain->seconds();
    sums.fraction += chain->fraction() / count;
    sums.divergences += chain->divergence().has_value();
    sums.finished = sums.finished && chain->finished() && !chain->halted();
  }
  sums.all_diverged = sums.divergences == chains.size();
  return sums;
}

}  // namespace ergo
