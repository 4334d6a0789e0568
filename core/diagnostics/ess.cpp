// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/ess.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "core/diagnostics/normal_scores.h"

namespace ergo::diagnostics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

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

  double at(std::int64_t lag) const {
    return 1.0 - (mean_variance_ - autocovariance(lag)) / total_variance_;
  }

 private:
  /// Divisor n at every lag, mean over the chains.
  double autocovariance(std::int64_t lag) const {
    double sum = 0.0;
    for (const auto& c : centred_) {
      const Eigen::Map<const Eigen::VectorXd> all(c.data(), static_cast<Eigen::Index>(c.size()));
      const Eigen::Index pairs = all.size() - lag;
      sum += all.tail(pairs).dot(all.head(pairs));
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

Ess ess_below(const Chains& chains, double probability) {
  const double threshold = quantile(pooled(chains), probability);
  Chains indicators = chains;
  for (auto& chain : indicators) {
    for (double& v : chain) v = v <= threshold ? 1.0 : 0.0;
  }
  return ess_of(split(indicators));
}

}  // namespace

Ess ess_of(const Chains& sequences) {
  const auto count = static_cast<double>(sequences.size() * sequences[0].size());
  const std::vector<double> all = pooled(sequences);
  const auto [low, high] = std::minmax_element(all.begin(), all.end());
  if (*high - *low < 1e-15) return {count, false};  // ArviZ: finfo(float).resolution
  const auto draws = static_cast<std::int64_t>(sequences[0].size());
  const std::vector<double> kept = geyer_sequence(Autocorrelation(sequences), draws);
  const double twice = std::accumulate(kept.begin(), kept.end() - 1, 0.0);
  const double tau = -1.0 + 2.0 * twice + kept.back(), least = 1.0 / std::log10(count);
  return {count / std::max(tau, least), tau < least};
}

Ess tail_ess(const Chains& chains) {
  const Ess low = ess_below(chains, 0.05), high = ess_below(chains, 0.95);
  return high.value < low.value ? high : low;
}

double mcse_mean(const Chains& chains, const Chains& halves) {
  return std::sqrt(variance_of(pooled(chains)) / ess_of(halves).value);
}

double ess_bulk(const Chains& chains) {
  if (flaw_of(chains) != Flaw::none) return nan;
  const Chains halves = split(chains);
  return ess_of(NormalScores(halves.size() * halves[0].size()).of(halves)).value;
}

double ess_tail(const Chains& chains) {
  return flaw_of(chains) != Flaw::none ? nan : tail_ess(chains).value;
}

double mcse_mean(const Chains& chains) {
  return flaw_of(chains) != Flaw::none ? nan : mcse_mean(chains, split(chains));
}

}  // namespace ergo::diagnostics
