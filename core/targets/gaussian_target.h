// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/targets/log_density.h"

namespace ergo {

/// N(0, S) in d dimensions, S_ij = rho^|i-j| s_i s_j, with s_i log-spaced from sd_min to sd_max.
struct GaussianTargetConfig {
  std::int64_t dimensions = 10;
  double correlation = 0.5;
  double sd_min = 1.0, sd_max = 1.0;
  template <class V>
  void visit(V&& v) {
    v("dimensions", dimensions, FieldInfo{.min = 1, .max = 2000, .doc = "gaussian, funnel: d."});
    v("correlation", correlation,
      FieldInfo{.min = -0.999,
                .max = 0.999,
                .doc = "gaussian: rho; coordinates i and j correlate by rho^|i-j|."});
    v("sd_min", sd_min,
      FieldInfo{.min = 0, .open_min = true, .doc = "gaussian: sd of the first coordinate."});
    v("sd_max", sd_max,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "gaussian: sd of the last coordinate; those between are log-spaced."});
  }
};

std::shared_ptr<const LogDensity> make_gaussian_target(const GaussianTargetConfig& config);

}  // namespace ergo
