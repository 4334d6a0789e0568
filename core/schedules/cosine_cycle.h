// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <cstdint>
#include <numbers>

namespace ergo {

/// Cyclical cosine step size (Zhang et al. 2020, arXiv:1902.03932, eq. 1, on the learning rate
/// step_size^2): for t = 1..T, L = ceil(T / cycles), p = ((t-1) mod L) / L,
/// step_size(t)^2 = max^2 / 2 * (1 + cos(pi p)).
class CosineCycle {
 public:
  CosineCycle(double max_step_size, std::int64_t total_steps, std::int64_t cycles)
      : max_(max_step_size), length_((total_steps + cycles - 1) / cycles) {}

  std::int64_t length() const { return length_; }
  double phase(std::int64_t t) const {
    return static_cast<double>((t - 1) % length_) / static_cast<double>(length_);
  }
  double step_size(std::int64_t t) const {
    return max_ * std::sqrt(0.5 * (1.0 + std::cos(std::numbers::pi * phase(t))));
  }

 private:
  double max_;
  std::int64_t length_;
};

}  // namespace ergo
