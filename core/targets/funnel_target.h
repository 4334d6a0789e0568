// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/targets/log_density.h"

namespace ergo {

/// Neal's funnel: v ~ N(0, s^2), x_i ~ N(0, exp(v)), i = 1..d-1; theta = (v, x).
/// Measure "neck_mass": share of draws whose v lies in its lowest tenth, the neck, which a step
/// size that suits the mouth never enters. Source: Neal 2003, "Slice sampling", section 8.
struct FunnelTargetConfig {
  std::int64_t dimensions = 10;  ///< d
  double log_scale_sd = 3.0;     ///< s
  template <class V>
  void visit(V&& v) {
    v("dimensions", dimensions, FieldInfo{.min = 2, .max = 2000, .doc = "funnel: d."});
    v("log_scale_sd", log_scale_sd,
      FieldInfo{.min = 0, .max = 20, .open_min = true, .doc = "funnel: s, sd of v."});
  }
};

std::shared_ptr<const LogDensity> make_funnel_target(const FunnelTargetConfig& config);

}  // namespace ergo
