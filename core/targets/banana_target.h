// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/targets/log_density.h"

namespace ergo {

/// Twisted Gaussian in two dimensions: x_1 ~ N(0, s^2), x_2 = z + b (x_1^2 - s^2), z ~ N(0, 1).
/// Source: Haario, Saksman & Tamminen 1999, "Adaptive proposal distribution for random walk
/// Metropolis algorithm".
struct BananaTargetConfig {
  double width = 2.0;
  double curvature = 0.25;
  template <class V>
  void visit(V&& v) {
    v("width", width, FieldInfo{.min = 0, .open_min = true, .doc = "banana: s, sd of x_1."});
    v("curvature", curvature, FieldInfo{.doc = "banana: b of x_2 = z + b (x_1^2 - s^2)."});
  }
};

std::shared_ptr<const LogDensity> make_banana_target(const BananaTargetConfig& config);

}  // namespace ergo
