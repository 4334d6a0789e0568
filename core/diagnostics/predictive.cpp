// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/predictive.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace ergo::diagnostics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// log (1/count) sum exp(values): the largest is taken out so that nothing under- or overflows.
template <class T>
double log_mean_exp(const T* values, std::int64_t count, std::int64_t stride) {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < count; ++i) {
    const double value = values[i * stride];
    if (std::isnan(value)) return nan;
    largest = std::max(largest, value);
  }
  if (!std::isfinite(largest)) return largest;
  double sum = 0.0;
  for (std::int64_t i = 0; i < count; ++i) sum += std::exp(values[i * stride] - largest);
  return largest + std::log(sum / static_cast<double>(count));
}

/// Mean over points of score(row of C log probabilities, label).
template <class Score>
double mean_score(std::span<const double> log_prob, std::span<const std::int32_t> labels,
                  Score score) {
  if (labels.empty()) return nan;
  const std::size_t classes = log_prob.size() / labels.size();
  double sum = 0.0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    sum += score(log_prob.subspan(i * classes, classes), static_cast<std::size_t>(labels[i]));
  }
  return sum / static_cast<double>(labels.size());
}

}  // namespace

double gaussian_nll(const GaussianDraws& d, std::span<const double> y) {
  if (d.draws == 0 || y.empty()) return nan;
  const double constant = static_cast<double>(d.targets) * 0.5 * std::log(2.0 * std::numbers::pi);
  std::vector<double> exponent(static_cast<std::size_t>(d.draws));
  double sum = 0.0;
  for (std::int64_t i = 0; i < d.rows; ++i) {
    double log_sd = 0.0;  // of the first draw; what the others differ by stays in the exponent
    for (std::int64_t t = 0; t < d.targets; ++t) log_sd += std::log(d.sd[i * d.targets + t]);
    for (std::int64_t k = 0; k < d.draws; ++k) {
      exponent[k] = 0.0;
      for (std::int64_t t = 0; t < d.targets; ++t) {
        const std::int64_t at = (k * d.rows + i) * d.targets + t;
        const double first = d.sd[i * d.targets + t];
        const double z = (y[i * d.targets + t] - d.f[at]) / d.sd[at];
        exponent[k] += -0.5 * z * z - (d.sd[at] == first ? 0.0 : std::log(d.sd[at] / first));
      }
    }
    sum += (log_sd + constant) - log_mean_exp(exponent.data(), d.draws, 1);
  }
  return sum / static_cast<double>(d.rows);
}

double rmse(const GaussianDraws& d, std::span<const double> y) {
  if (d.draws == 0 || y.empty()) return nan;
  double sum = 0.0;
  for (std::int64_t t = 0; t < d.targets; ++t) {
    double squares = 0.0;
    for (std::int64_t i = 0; i < d.rows; ++i) {
      const std::int64_t column = i * d.targets + t;
      double mean = 0.0;
      for (std::int64_t k = 0; k < d.draws; ++k) mean += d.f[k * d.rows * d.targets + column];
      mean /= static_cast<double>(d.draws);
      squares += (y[column] - mean) * (y[column] - mean);
    }
    sum += std::sqrt(squares / static_cast<double>(d.rows));
  }
  return sum / static_cast<double>(d.targets);
}

std::vector<double> pit(const GaussianDraws& d, std::span<const double> y) {
  if (d.draws == 0) return std::vector<double>(y.size(), nan);
  std::vector<double> values(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    double sum = 0.0;
    for (std::int64_t k = 0; k < d.draws; ++k) {
      const std::size_t at = static_cast<std::size_t>(k) * y.size() + i;
      const double scale = 1.0 / (d.sd[at] * std::numbers::sqrt2);
      sum += 0.5 * std::erfc((d.f[at] - y[i]) * scale);
    }
    values[i] = sum / static_cast<double>(d.draws);
  }
  return values;
}

double coverage(std::span<const double> pit_values, double level) {
  if (pit_values.empty()) return nan;
  std::int64_t inside = 0;
  for (const double u : pit_values) {
    if (std::isnan(u)) return nan;
    if (std::abs(u - 0.5) <= 0.5 * level) ++inside;
  }
  return static_cast<double>(inside) / static_cast<double>(pit_values.size());
}

std::vector<double> bma_log_prob(std::span<const float> log_prob, std::int64_t draws,
                                 std::int64_t points, std::int64_t classes) {
  const std::int64_t stride = points * classes;
  std::vector<double> result(static_cast<std::size_t>(stride), nan);
  if (draws == 0) return result;
  for (std::int64_t i = 0; i < stride; ++i) {
    result[i] = log_mean_exp(log_prob.data() + i, draws, stride);
  }
  return result;
}

double accuracy(std::span<const double> log_prob, std::span<const std::int32_t> labels) {
  return mean_score(log_prob, labels, [](std::span<const double> row, std::size_t label) {
    const auto isnan = [](double v) { return std::isnan(v); };
    if (std::any_of(row.begin(), row.end(), isnan)) return nan;
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    return static_cast<std::size_t>(best) == label ? 1.0 : 0.0;
  });
}

double nll(std::span<const double> log_prob, std::span<const std::int32_t> labels) {
  return mean_score(log_prob, labels,
                    [](std::span<const double> row, std::size_t label) { return -row[label]; });
}

double brier(std::span<const double> log_prob, std::span<const std::int32_t> labels) {
  return mean_score(log_prob, labels, [](std::span<const double> row, std::size_t label) {
    double sum = 0.0;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const double miss = std::exp(row[c]) - (c == label ? 1.0 : 0.0);
      sum += miss * miss;
    }
    return sum;
  });
}

}  // namespace ergo::diagnostics
