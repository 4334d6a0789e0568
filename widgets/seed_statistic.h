// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <vector>

#include "core/events/events.h"

namespace ergo {

/// Mean and spread of one number over seeds.
struct SeedStatistic {
  double mean = undefined;
  double sd = undefined;              ///< n - 1; undefined below two
  double standard_error = undefined;  ///< sd / sqrt(n)
  std::size_t n = 0;                  ///< seeds with a finite number
};

/// Of the finite ones among `values`.
SeedStatistic statisticOf(std::vector<double> values);

}  // namespace ergo
