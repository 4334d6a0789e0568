// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>

namespace ergo::diagnostics {

/// Gaussian predictives of K draws for n rows of T targets: N(f, sd^2) with f and sd > 0
/// [K, n, T], row-major, in the units of the targets.
struct GaussianDraws {
  std::span<const double> f, sd;
  std::int64_t draws = 0, rows = 0, targets = 1;
};

}  // namespace ergo::diagnostics
