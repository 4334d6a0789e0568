// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/diagnose.h"

#include <algorithm>
#include <functional>
#include <span>

#include "core/base/parallel.h"
#include "core/base/torch.h"
#include "core/run/chains.h"
#include "core/run/usable_chains.h"

namespace ergo {
namespace {

using diagnostics::Convergence;

// What a long HMC run keeps is more than its diagnostics need, and sorting it takes minutes.
constexpr std::int64_t most_draws = 250;         // of a chain
constexpr std::int64_t most_numbers = 20000000;  // of all chains and parameters

constexpr const char* no_points = "there are no test points";

/// The chains of scalar i.
using Fetch = std::function<diagnostics::Chains(std::size_t i)>;

std::vector<Convergence> look_at(std::size_t values, std::size_t chains, std::size_t draws,
                                 const Fetch& fetch, int workers) {
  const diagnostics::ConvergenceOf of(chains, draws);
  std::vector<Convergence> all(values);
  parallel_for(values, workers, [&](std::size_t i) { all[i] = of(fetch(i)); });
  return all;
}

void look_at_functions(SamplerConvergence& c, const std::vector<UsableChain>& usable,
                       std::size_t values, int workers) {
  std::size_t draws = static_cast<std::size_t>(-1);
  for (const UsableChain& u : usable) draws = std::min(draws, u.chain->values().size() / values);
  const Fetch fetch = [&](std::size_t i) {
    diagnostics::Chains chains;
    for (const UsableChain& u : usable) {
      chains.emplace_back();
      for (std::size_t d = 0; d < draws; ++d) {
        chains.back().push_back(u.chain->values()[d * values + i]);
      }
    }
    return chains;
  };
  c.function_space = diagnostics::summarise(look_at(values, usable.size(), draws, fetch, workers),
                                            static_cast<std::int64_t>(usable.size()),
                                            static_cast<std::int64_t>(draws));
}

/// rows[chain][draw]: equally spaced kept draws, float32.
std::vector<std::vector<torch::Tensor>> some_draws(const std::vector<UsableChain>& usable,
                                                   std::int64_t params) {
  const auto chains = static_cast<std::int64_t>(usable.size());
  const auto kept = static_cast<std::int64_t>(usable.front().draws.size());
  const auto least = static_cast<std::int64_t>(diagnostics::least_draws);
  const std::int64_t most =
      std::min(kept, std::clamp(most_numbers / (chains * params), least, most_draws));
  std::vector<std::vector<torch::Tensor>> rows;
  for (const UsableChain& u : usable) {
    rows.emplace_back();
    for (std::int64_t k = 1; k <= most; ++k) {
      const auto at = static_cast<std::size_t>(k * kept / most - 1);
      rows.back().push_back(u.draws[at].to(torch::kFloat).contiguous());
    }
  }
  return rows;
}

void look_at_weights(SamplerConvergence& c, const std::vector<UsableChain>& usable,
                     const ParameterLayout& layout, int workers) {
  const auto rows = some_draws(usable, layout.size());
  const Fetch fetch = [&](std::size_t i) {
    diagnostics::Chains chains;
    for (const auto& chain : rows) {
      chains.emplace_back();
      for (const torch::Tensor& draw : chain) chains.back().push_back(draw.data_ptr<float>()[i]);
    }
    return chains;
  };
  const std::size_t draws = rows.front().size();
  const std::vector<Convergence> all =
      look_at(static_cast<std::size_t>(layout.size()), rows.size(), draws, fetch, workers);
  const auto add = [&](const std::string& name, std::span<const Convergence> part) {
    c.weight_space.push_back(
        {name, diagnostics::summarise(part, static_cast<std::int64_t>(rows.size()),
                                      static_cast<std::int64_t>(draws))});
  };
  add("all", all);
  for (const BlockInfo& block : layout.blocks()) {
    add(block.name,
        std::span(all).subspan(static_cast<std::size_t>(block.offset),
                               static_cast<std::size_t>(ParameterLayout::size_of(block))));
  }
}

std::string why_no_chains(const SamplerPlan& plan, const ChainSums& sums, bool usable) {
  if (plan.traits.ensemble) return "members of an ensemble are no Markov chain";
  if (usable) return {};
  return sums.all_diverged ? "every chain diverged" : "no draws";
}

}  // namespace

SamplerConvergence diagnose(const Experiment& experiment, const SamplerPlan& plan,
                            const std::vector<Chain*>& chains, int workers) {
  SamplerConvergence c;
  c.asked = experiment.config.diagnostic_draws > 0;
  if (!c.asked) return c;
  const ChainSums sums = sums_of(chains);
  const std::vector<UsableChain> usable = usable_chains(chains);
  c.stationary = plan.traits.ensemble || plan.sampler->stationary();
  c.no_chains = why_no_chains(plan, sums, !usable.empty());
  if (c.no_chains.empty()) {
    c.values = experiment.function_values->name();
    c.every = plan.record.thin;
    const auto values = static_cast<std::size_t>(experiment.function_values->count());
    if (values > 0) {
      look_at_functions(c, usable, values, workers);
    } else {
      c.function_space.undefined = {{"rhat", no_points}, {"ess", no_points}};
    }
    look_at_weights(c, usable, experiment.posterior.layout, workers);
  }
  set_measures(c, sums.gradient_evaluations, sums.seconds);
  return c;
}

}  // namespace ergo
