// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/config/field.h"

namespace ergo {

/// Fields of a preset's posterior section that likelihoods read; each takes what it needs.
struct LikelihoodConfig {
  double noise_sd = 0.1;
  bool input_dependent = false;

 protected:
  template <class V>
  void visit_likelihood(V& v) {
    v("noise_sd", noise_sd,
      FieldInfo{.min = 0,
                .doc = "Standard deviation of the Gaussian likelihood, in units of the targets, of "
                       "gaussian_learned the centre of its prior; 0: 0.3 of the sd of the training "
                       "targets; classification ignores it."});
    v("input_dependent", input_dependent,
      FieldInfo{.doc = "gaussian_learned: the noise is a function of x, by one more output of the "
                       "network a target, instead of one number a target."});
  }
};

}  // namespace ergo
