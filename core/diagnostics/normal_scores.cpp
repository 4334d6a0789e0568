// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/normal_scores.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace ergo::diagnostics {
namespace {

/// Acklam's rational approximation of Phi^-1 for p <= 1/2, relative error below 1.15e-9.
double rough_quantile(double p) {
  if (p < 0.02425) {
    const double q = std::sqrt(-2.0 * std::log(p));
    return (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) *
                  q -
              2.549732539343734e+00) *
                 q +
             4.374664141464968e+00) *
                q +
            2.938163982698783e+00) /
           ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q +
             3.754408661907416e+00) *
                q +
            1.0);
  }
  const double q = p - 0.5, r = q * q;
  return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
            1.383577518672690e+02) *
               r -
           3.066479806614716e+01) *
              r +
          2.506628277459239e+00) *
         q /
         (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
            6.680131188771972e+01) *
               r -
           1.328068155288572e+01) *
              r +
          1.0);
}

}  // namespace

double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1.0 - p);
  double x = rough_quantile(p);
  // Halley's step: the error of 1e-9 becomes its cube.
  const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - p;
  const double step = error * std::sqrt(2.0 * std::numbers::pi) * std::exp(0.5 * x * x);
  return x - step / (1.0 + 0.5 * x * step);
}

NormalScores::NormalScores(std::size_t count) {
  const double n = static_cast<double>(count) + 0.25;
  for (std::size_t twice = 2; twice <= 2 * count; ++twice) {
    by_twice_rank_.push_back(normal_quantile((0.5 * static_cast<double>(twice) - 0.375) / n));
  }
}

Chains NormalScores::of(const Chains& chains) const {
  const std::size_t draws = chains[0].size();
  std::vector<std::pair<double, std::uint32_t>> order;
  order.reserve(chains.size() * draws);
  for (const auto& chain : chains) {
    for (const double v : chain) order.emplace_back(v, static_cast<std::uint32_t>(order.size()));
  }
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  Chains scores(chains.size(), std::vector<double>(draws));
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && order[last].first == order[first].first) ++last;
    const double score = by_twice_rank_[first + last - 1];  // 2 rank = (first + 1) + last
    for (std::size_t i = first; i < last; ++i) {
      scores[order[i].second / draws][order[i].second % draws] = score;
    }
  }
  return scores;
}

}  // namespace ergo::diagnostics
