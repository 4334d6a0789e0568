// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <vector>

#include "core/base/rng.h"

namespace ergo {

/// Truncated normal at two standard deviations, sd scale / sqrt(fan_in), as Haiku's default.
inline void fill_truncated(ScalarStream& stream, std::vector<float>& weights, std::int64_t fan_in,
                           float scale) {
  for (float& w : weights) {
    double z = stream.normal();
    while (std::abs(z) > 2.0) z = stream.normal();
    w = scale * static_cast<float>(z / std::sqrt(static_cast<double>(fan_in)));
  }
}

}  // namespace ergo
