// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/targets/log_density.h"

namespace ergo {

/// Equal mixture of k x k Gaussians N(c, s^2 I) in the plane, their centres a square grid around
/// the origin. The default is the one of 25 modes with variance 0.03 that cyclical SG-MCMC is shown
/// on (Zhang et al. 2020, arXiv:1902.03932, section 5.1). Measure "modes_visited": modes with a
/// draw within 3 s of their centre. Identity-mass HMC does not cross between narrow modes.
struct MixtureTargetConfig {
  std::int64_t side = 5;                 ///< k
  double spacing = 2.0;                  ///< between neighbouring centres
  double mode_sd = 0.17320508075688773;  ///< s, sqrt(0.03)
  template <class V>
  void visit(V&& v) {
    v("side", side, FieldInfo{.min = 1, .max = 100, .doc = "mixture: k of the k x k modes."});
    v("spacing", spacing,
      FieldInfo{.min = 0, .open_min = true, .doc = "mixture: distance of neighbouring centres."});
    v("mode_sd", mode_sd,
      FieldInfo{.min = 0, .open_min = true, .doc = "mixture: s, sd of a mode."});
  }
};

std::shared_ptr<const LogDensity> make_mixture_target(const MixtureTargetConfig& config);

}  // namespace ergo
