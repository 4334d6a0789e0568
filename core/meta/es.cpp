// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/es.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/noise.h"

namespace ergo {
namespace {

/// L+ - L-; one failed arm counts as an infinite difference, two as none.
double difference(const PairLoss& loss) {
  const bool plus = std::isfinite(loss.plus), minus = std::isfinite(loss.minus);
  if (plus && minus) return loss.plus - loss.minus;
  if (plus == minus) return 0.0;
  return plus ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

void rank(std::vector<double>& d) {
  std::vector<std::size_t> order(d.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&d](std::size_t a, std::size_t b) { return std::abs(d[a]) < std::abs(d[b]); });
  std::vector<double> ranked(d.size(), 0.0);
  for (std::size_t r = 0; r < order.size(); ++r) {
    const double sign = d[order[r]] > 0 ? 1.0 : d[order[r]] < 0 ? -1.0 : 0.0;
    ranked[order[r]] = sign * static_cast<double>(r + 1) / static_cast<double>(d.size());
  }
  d = ranked;
}

}  // namespace

std::vector<float> es_direction(RngKey key, std::int64_t iteration, std::int64_t pair,
                                std::size_t size) {
  std::vector<float> v(size);
  fill_normal(key, pair, iteration, static_cast<std::int64_t>(size), v.data());
  return v;
}

std::vector<double> shaped_differences(const std::vector<PairLoss>& losses,
                                       const EsConfig& config) {
  std::vector<double> d;
  for (const PairLoss& loss : losses) d.push_back(difference(loss));
  if (config.difference == "ranked") {
    rank(d);
  } else if (config.difference == "clipped") {
    for (double& x : d) x = std::clamp(x, -config.clip, config.clip);
  } else {
    for (double& x : d) x = std::isfinite(x) ? x : 0.0;  // as the official code
  }
  return d;
}

std::vector<double> es_gradient(RngKey key, std::int64_t iteration,
                                const std::vector<PairLoss>& losses, std::size_t size,
                                const EsConfig& config) {
  const std::vector<double> d = shaped_differences(losses, config);
  std::vector<double> gradient(size, 0.0);
  for (std::size_t p = 0; p < losses.size(); ++p) {
    const std::vector<float> v = es_direction(key, iteration, static_cast<std::int64_t>(p), size);
    const double weight = d[p] / (2.0 * config.sigma * static_cast<double>(losses.size()));
    for (std::size_t i = 0; i < size; ++i) gradient[i] += weight * static_cast<double>(v[i]);
  }
  return gradient;
}

}  // namespace ergo
