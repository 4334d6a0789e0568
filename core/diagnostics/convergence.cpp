// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/convergence.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/diagnostics/ess.h"
#include "core/diagnostics/rhat.h"

namespace ergo::diagnostics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class Member>
Spread spread(std::span<const Convergence> values, Member member, bool high_is_worse) {
  std::vector<double> numbers;
  for (const Convergence& value : values) numbers.push_back(value.*member);
  return spread_of(std::move(numbers), high_is_worse);
}

/// Share of the numbers below each threshold; NaN when none is a number.
std::array<double, 2> shares_below(const std::vector<double>& numbers) {
  std::array<double, 2> shares = {nan, nan};
  if (std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isnan(x); }))
    return shares;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const auto below = std::count_if(numbers.begin(), numbers.end(),
                                     [i](double x) { return x < rhat_thresholds[i]; });
    shares[i] = static_cast<double>(below) / static_cast<double>(numbers.size());
  }
  return shares;
}

/// The first flaw, with the number of scalars that have one where not all do.
template <class Member>
void note_flaws(ConvergenceSummary& summary, const std::string& name,
                std::span<const Convergence> values, Member member) {
  const auto flawed = [member](const Convergence& value) { return value.*member != Flaw::none; };
  const auto first = std::find_if(values.begin(), values.end(), flawed);
  if (first == values.end()) return;
  const auto count = std::count_if(values.begin(), values.end(), flawed);
  const std::string reason = to_string((*first).*member);
  summary.undefined[name] = count == static_cast<std::ptrdiff_t>(values.size())
                                ? reason
                                : fmt::format("{} of {} values: {}", count, values.size(), reason);
}

}  // namespace

ConvergenceOf::ConvergenceOf(std::size_t chains, std::size_t draws)
    : all_(chains * (draws / 2 * 2)), one_(draws / 2 * 2) {}

Convergence ConvergenceOf::operator()(const Chains& chains) const {
  Convergence result;
  result.flaw = result.rhat_flaw = flaw_of(chains);
  if (result.flaw != Flaw::none) {
    result.chainwise.assign(chains.size(), nan);
    return result;
  }
  const Chains halves = split(chains), scores = all_.of(halves);
  const Ess bulk = ess_of(scores), tail = tail_ess(chains);
  result.ess_bulk = bulk.value;
  result.ess_tail = tail.value;
  result.capped = bulk.capped || tail.capped;
  result.mcse = mcse_mean(chains, halves);
  for (const auto& chain : chains) {
    const Chains own = split({chain});
    result.chainwise.push_back(plain_rhat(one_.of(own)));
  }
  if (chains.size() < 2) {
    result.rhat_flaw = Flaw::one_chain;
    return result;
  }
  result.rhat = diagnostics::rhat(halves, scores, all_);
  if (std::isfinite(result.rhat)) return result;
  result.rhat = nan;
  result.rhat_flaw = Flaw::stuck;
  return result;
}

Spread spread_of(std::vector<double> values, bool high_is_worse) {
  if (values.empty()) return {};
  // From best to worst, the undefined ones last.
  std::sort(values.begin(), values.end(), [high_is_worse](double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
    return high_is_worse ? a < b : a > b;
  });
  const std::size_t half = values.size() / 2;
  const double low = values.size() % 2 == 1 ? values[half] : values[half - 1];
  return {0.5 * (low + values[half]), values.back()};
}

ConvergenceSummary summarise(std::span<const Convergence> values, std::int64_t chains,
                             std::int64_t draws) {
  ConvergenceSummary summary;
  summary.values = static_cast<std::int64_t>(values.size());
  summary.chains = chains;
  summary.draws = draws;
  summary.rhat = spread(values, &Convergence::rhat, true);
  summary.ess_bulk = spread(values, &Convergence::ess_bulk, false);
  summary.ess_tail = spread(values, &Convergence::ess_tail, false);
  summary.mcse = spread(values, &Convergence::mcse, true);
  std::vector<double> rhats, chainwise;
  double capped = 0.0;
  for (const Convergence& value : values) {
    rhats.push_back(value.rhat);
    chainwise.insert(chainwise.end(), value.chainwise.begin(), value.chainwise.end());
    capped += value.capped;
  }
  summary.rhat_below = shares_below(rhats);
  summary.chainwise_below = shares_below(chainwise);
  if (!values.empty()) summary.capped = capped / static_cast<double>(values.size());
  note_flaws(summary, "rhat", values, &Convergence::rhat_flaw);
  note_flaws(summary, "ess", values, &Convergence::flaw);
  return summary;
}

}  // namespace ergo::diagnostics
