// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/config/field.h"

namespace ergo {

/// Fields of a preset's posterior section that likelihoods read; each takes what it needs.
struct LikelihoodConfig {
  double noise_sd = 0.1;

 protected:
  template <class V>
  void visit_likelihood(V& v) {
    v("noise_sd", noise_sd,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "Standard deviation of the Gaussian likelihood, in units of the targets; "
                       "classification ignores it."});
  }
};

}  // namespace ergo
