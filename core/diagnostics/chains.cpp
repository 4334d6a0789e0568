// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/chains.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace ergo::diagnostics {
namespace {

bool is_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

bool is_constant(const Chains& chains) {
  const double first = chains[0][0];
  return std::all_of(chains.begin(), chains.end(), [first](const std::vector<double>& chain) {
    return std::all_of(chain.begin(), chain.end(), [first](double v) { return v == first; });
  });
}

}  // namespace

std::string to_string(Flaw flaw) {
  switch (flaw) {
    case Flaw::one_chain:
      return "it needs two chains";
    case Flaw::short_chains:
      return "it needs four draws a chain";
    case Flaw::not_finite:
      return "a draw is not finite";
    case Flaw::constant:
      return "all draws are equal";
    case Flaw::stuck:
      return "no chain moves";
    case Flaw::none:
      break;
  }
  return {};
}

Flaw flaw_of(const Chains& chains) {
  if (chains.empty()) return Flaw::short_chains;
  for (const auto& chain : chains) {
    if (chain.size() != chains[0].size()) throw std::invalid_argument("chains differ in length");
  }
  if (chains[0].size() < least_draws) return Flaw::short_chains;
  if (!std::all_of(chains.begin(), chains.end(), is_finite)) return Flaw::not_finite;
  return is_constant(chains) ? Flaw::constant : Flaw::none;
}

Chains split(const Chains& chains) {
  Chains halves;
  const auto half = static_cast<std::ptrdiff_t>(chains[0].size() / 2);
  for (const auto& chain : chains) halves.emplace_back(chain.begin(), chain.begin() + half);
  for (const auto& chain : chains) halves.emplace_back(chain.end() - half, chain.end());
  return halves;
}

Chains folded(Chains chains) {
  const double median = quantile(pooled(chains), 0.5);
  for (auto& chain : chains) {
    for (double& v : chain) v = std::abs(v - median);
  }
  return chains;
}

std::vector<double> pooled(const Chains& chains) {
  std::vector<double> all;
  all.reserve(chains.size() * chains[0].size());
  for (const auto& chain : chains) all.insert(all.end(), chain.begin(), chain.end());
  return all;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0.0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return squares / static_cast<double>(values.size() - 1);
}

std::vector<double> means_of(const Chains& chains) {
  std::vector<double> means;
  for (const auto& chain : chains) means.push_back(mean_of(chain));
  return means;
}

double quantile(std::vector<double> values, double p) {
  const double position = p * static_cast<double>(values.size() - 1);
  const auto below = values.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), below, values.end());
  if (below + 1 == values.end()) return *below;
  const double above = *std::min_element(below + 1, values.end());
  return *below + (position - std::floor(position)) * (above - *below);
}

}  // namespace ergo::diagnostics
