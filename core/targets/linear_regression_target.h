// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/targets/log_density.h"

namespace ergo {

/// Bayesian regression on a polynomial with unknown noise, conjugate, so that the posterior is
/// known in closed form (e.g. Bishop 2006, exercise 3.12):
///   y ~ N(X b, v I), b ~ N(0, 100 v I), v ~ inverse gamma(2, 0.2); theta = (b, log v).
/// b is Student's t, log v minus the logarithm of a gamma variable. X has the powers 0 to `degree`
/// of x, y = sin(3 x) + 0.3 z at x_i = -1 + 2 i / (n - 1), z the normals of purpose_key(1, data).
struct LinearRegressionTargetConfig {
  std::int64_t points = 50;  ///< n
  std::int64_t degree = 3;
  template <class V>
  void visit(V&& v) {
    v("points", points, FieldInfo{.min = 2, .max = 100000, .doc = "linear_regression: n."});
    v("degree", degree,
      FieldInfo{.min = 0, .max = 20, .doc = "linear_regression: of the polynomial."});
  }
};

std::shared_ptr<const LogDensity> make_linear_regression_target(
    const LinearRegressionTargetConfig& config);

}  // namespace ergo
