// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/seed_statistic.h"

#include <algorithm>
#include <cmath>

namespace ergo {

SeedStatistic statisticOf(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  SeedStatistic result;
  result.n = values.size();
  if (values.empty()) return result;
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  result.mean = sum / n;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  if (values.size() < 2) return result;
  result.sd = std::sqrt(squares / (n - 1));
  result.standard_error = result.sd / std::sqrt(n);
  return result;
}

}  // namespace ergo
