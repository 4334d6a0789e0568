// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// Cyclical SGHMC (Zhang et al. 2020, arXiv:1902.03932): the SGHMC update with the cosine cycle of
/// schedules/cosine_cycle.h as step size, temperature 0 while exploring (phase below
/// 1 - sampling_fraction) and T while sampling. Draws come from the sampling parts alone.
struct CsgmcmcConfig {
  double step_size = 1e-3;  ///< largest eps, at the start of each cycle
  double friction = 10.0;
  double temperature = 1.0;
  std::int64_t cycles = 5;
  double sampling_fraction = 0.2;
  template <class V>
  void visit(V&& v) {
    v("step_size", step_size,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "Largest step size, at the start of a cycle: "
                       "eps(t)^2 = max^2/2 (1 + cos(pi p))."});
    v("friction", friction, FieldInfo{.min = 0, .doc = "Friction C of the SGHMC update."});
    v("temperature", temperature,
      FieldInfo{.min = 0, .doc = "Temperature in the sampling part; exploration has none."});
    v("cycles", cycles, FieldInfo{.min = 1, .max = 1000, .doc = "Number of cosine cycles."});
    v("sampling_fraction", sampling_fraction,
      FieldInfo{.min = 0,
                .max = 1,
                .open_min = true,
                .doc = "Last part of each cycle that adds noise and gives draws."});
  }
};

std::unique_ptr<Sampler> make_csgmcmc(const CsgmcmcConfig& config, const SamplerContext& context);

}  // namespace ergo
