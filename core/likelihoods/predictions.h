// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

namespace ergo {

/// What every draw of a sampler predicts at the points of a split: enough to compute every measure.
struct Predictions {
  std::int64_t draws = 0, rows = 0, outputs = 0;
  /// [draws, rows, outputs]: means in units of the targets, or log probabilities of the classes.
  std::vector<double> values;
  /// Of regressions: sd of the noise in units of the targets, [draws, rows, outputs], or
  /// [draws, 1, outputs] where the points of a draw share it.
  std::vector<double> noise_sd;
};

}  // namespace ergo
