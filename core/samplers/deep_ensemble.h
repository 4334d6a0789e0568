// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// Deep ensemble (Lakshminarayanan et al. 2017, arXiv:1612.01474) under the same fixed-noise
/// likelihood as the samplers: a member is a chain that runs SGD with momentum, the SGHMC update
/// at T = 0 with a cosine from step_size to zero, and gives its last state as its one draw.
struct DeepEnsembleConfig {
  double step_size = 1e-3;
  double friction = 10.0;
  template <class V>
  void visit(V&& v) {
    v("step_size", step_size,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "Step size at the start; falls to zero along a "
                       "cosine. In SGD's terms: learning rate eps^2 n, momentum 1 - eps C."});
    v("friction", friction, FieldInfo{.min = 0, .doc = "Friction C; momentum is 1 - eps C."});
  }
};

std::unique_ptr<Sampler> make_deep_ensemble(const DeepEnsembleConfig& config,
                                            const SamplerContext& context);

}  // namespace ergo
