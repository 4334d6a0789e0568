// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ergo::diagnostics {

std::map<std::string, double> moment_errors(std::span<const float> x, std::int64_t draws,
                                            std::span<const double> mean,
                                            std::span<const double> sd) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (draws < 2) return {{"mean_error", nan}, {"sd_error", nan}};
  const auto count = static_cast<double>(draws);
  double mean_error = 0.0, sd_error = 0.0;
  for (std::size_t j = 0; j < mean.size(); ++j) {
    double sum = 0.0, squares = 0.0;
    for (std::size_t at = j; at < x.size(); at += mean.size()) {
      const double shifted = static_cast<double>(x[at]) - mean[j];
      sum += shifted;
      squares += shifted * shifted;
    }
    const double sample_sd = std::sqrt((squares - sum * sum / count) / (count - 1.0));
    mean_error = std::max(mean_error, std::abs(sum / count) / sd[j]);
    sd_error = std::max(sd_error, std::abs(sample_sd / sd[j] - 1.0));
  }
  return {{"mean_error", mean_error}, {"sd_error", sd_error}};
}

}  // namespace ergo::diagnostics
