// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/rhat.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <stdexcept>

namespace ergo::diagnostics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The same chains split, so that a drift within a chain shows as a difference between two.
Chains split(const Chains& chains) {
  Chains halves;
  const std::size_t half = chains[0].size() / 2;
  for (const auto& chain : chains) halves.emplace_back(chain.begin(), chain.begin() + half);
  for (const auto& chain : chains) halves.emplace_back(chain.end() - half, chain.end());
  return halves;
}

std::vector<double> pooled(const Chains& chains) {
  std::vector<double> all;
  for (const auto& chain : chains) all.insert(all.end(), chain.begin(), chain.end());
  return all;
}

bool usable(const Chains& chains, std::size_t least_chains) {
  if (chains.size() < least_chains || chains[0].size() < 4) return false;
  for (const auto& chain : chains) {
    if (chain.size() != chains[0].size()) throw std::invalid_argument("chains differ in length");
    if (!std::all_of(chain.begin(), chain.end(), [](double v) { return std::isfinite(v); })) {
      return false;
    }
  }
  return true;
}

/// Linear interpolation between order statistics.
double quantile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  const double position = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (position - static_cast<double>(below)) * (values[above] - values[below]);
}

/// z = Phi^-1((rank - 3/8) / (S + 1/4)), ranks over all chains, equals share their mean rank.
Chains rank_normalised(const Chains& chains) {
  const std::vector<double> all = pooled(chains);
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&all](auto a, auto b) { return all[a] < all[b]; });
  std::vector<double> z(all.size());
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && all[order[last]] == all[order[first]]) ++last;
    const double rank = 0.5 * static_cast<double>(first + last + 1);
    const double value = normal_quantile((rank - 0.375) / (static_cast<double>(all.size()) + 0.25));
    for (std::size_t i = first; i < last; ++i) z[order[i]] = value;
  }
  Chains result;
  const std::size_t draws = chains[0].size();
  for (std::size_t m = 0; m < chains.size(); ++m) {
    result.emplace_back(z.begin() + m * draws, z.begin() + (m + 1) * draws);
  }
  return result;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Variance with divisor n - 1.
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

/// sqrt((B/W + n - 1) / n), B = n var(chain means), W = mean of the chain variances.
double plain_rhat(const Chains& chains) {
  const auto draws = static_cast<double>(chains[0].size());
  double within = 0.0;
  for (const auto& chain : chains) within += variance_of(chain);
  within /= static_cast<double>(chains.size());
  const double between = draws * variance_of(means_of(chains));
  return std::sqrt((between / within + draws - 1.0) / draws);
}

/// Autocorrelation of several chains together, computed only for the lags that are asked for.
class Autocorrelation {
 public:
  explicit Autocorrelation(const Chains& chains) : centred_(chains) {
    draws_ = static_cast<double>(chains[0].size());
    const std::vector<double> means = means_of(chains);
    for (std::size_t m = 0; m < chains.size(); ++m) {
      for (double& v : centred_[m]) v -= means[m];
    }
    mean_variance_ = autocovariance(0) * draws_ / (draws_ - 1.0);
    total_variance_ = mean_variance_ * (draws_ - 1.0) / draws_;
    if (chains.size() > 1) total_variance_ += variance_of(means);
  }

  double at(std::size_t lag) const {
    return 1.0 - (mean_variance_ - autocovariance(lag)) / total_variance_;
  }

 private:
  /// Divisor n at every lag, mean over the chains.
  double autocovariance(std::size_t lag) const {
    double sum = 0.0;
    for (const auto& c : centred_) {
      sum = std::inner_product(c.begin() + lag, c.end(), c.begin(), sum);
    }
    return sum / (draws_ * static_cast<double>(centred_.size()));
  }

  Chains centred_;
  double draws_ = 0.0, mean_variance_ = 0.0, total_variance_ = 0.0;
};

/// Geyer's initial positive sequence, and then monotone. @return rho up to the last lag that counts
/// twice, followed by the one that counts once.
std::vector<double> geyer_sequence(const Autocorrelation& rho, std::int64_t draws) {
  std::vector<double> kept(static_cast<std::size_t>(draws) + 2, 0.0);
  double even = 1.0, odd = rho.at(1);
  kept[0] = even, kept[1] = odd;
  std::int64_t t = 1;
  for (; t < draws - 3 && even + odd > 0.0; t += 2) {
    even = rho.at(t + 1), odd = rho.at(t + 2);
    if (even + odd >= 0.0) kept[t + 1] = even, kept[t + 2] = odd;
  }
  const std::int64_t last = t - 2;
  if (even > 0.0) kept[last + 1] = even;
  for (t = 1; t <= last - 2; t += 2) {
    if (kept[t + 1] + kept[t + 2] > kept[t - 1] + kept[t]) {
      kept[t + 1] = kept[t + 2] = 0.5 * (kept[t - 1] + kept[t]);
    }
  }
  kept.resize(static_cast<std::size_t>(last + 2));
  return kept;
}

double plain_ess(const Chains& chains) {
  const std::vector<double> all = pooled(chains);
  const auto count = static_cast<double>(all.size());
  const auto [low, high] = std::minmax_element(all.begin(), all.end());
  if (*high - *low < 1e-15) return count;  // ArviZ: finfo(float).resolution
  const auto draws = static_cast<std::int64_t>(chains[0].size());
  const std::vector<double> kept = geyer_sequence(Autocorrelation(chains), draws);
  const double twice = std::accumulate(kept.begin(), kept.end() - 1, 0.0);
  const double tau = -1.0 + 2.0 * twice + kept.back();
  return count / std::max(tau, 1.0 / std::log10(count));
}

double ess_below(const Chains& chains, double probability) {
  const double threshold = quantile(pooled(chains), probability);
  Chains indicators = chains;
  for (auto& chain : indicators) {
    for (double& v : chain) v = v <= threshold ? 1.0 : 0.0;
  }
  return plain_ess(split(indicators));
}

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

double rhat(const Chains& chains) {
  if (!usable(chains, 2)) return nan;
  const Chains halves = split(chains);
  const double median = quantile(pooled(halves), 0.5);
  Chains folded = halves;
  for (auto& chain : folded) {
    for (double& v : chain) v = std::abs(v - median);
  }
  const double bulk = plain_rhat(rank_normalised(halves));
  const double tail = plain_rhat(rank_normalised(folded));
  // As in ArviZ, an undefined folded part (two values only, for instance) leaves the bulk part.
  return std::max(bulk, tail);
}

double ess_bulk(const Chains& chains) {
  return usable(chains, 1) ? plain_ess(rank_normalised(split(chains))) : nan;
}

double ess_tail(const Chains& chains) {
  return usable(chains, 1) ? std::min(ess_below(chains, 0.05), ess_below(chains, 0.95)) : nan;
}

}  // namespace ergo::diagnostics
