// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// Stochastic-gradient Nose-Hoover thermostat (Ding et al. 2014, NeurIPS, algorithm 2, whose h, A
/// and n are eps, C and d here; T = 1 and rate 1 are theirs), xi one number a chain:
///   r'     = r - eps (grad U(theta) + xi r) + sqrt(2 C eps T) n,   n ~ N(0, I)
///   theta' = theta + eps r'
///   xi'    = xi + rate eps (r'.r' / d - T).
/// Friction grows while the momentum is hotter than T, so that the noise of minibatches, of
/// whatever size, heats nothing: over a stationary run the mean of r.r / d is T, at any step size.
/// With independent noise on U = p x^2 / 2 the variance of x is then T (1 - eps xi / 2) / p.
/// The rate is one over the thermostat's inertia, which theirs is 1; with rate 0 xi stays C and
/// the update is SGHMC's. xi starts at C.
struct SgnhtConfig {
  double step_size = 1e-3;       ///< eps
  double friction = 10.0;        ///< C
  double thermostat_rate = 1.0;  ///< 1 / inertia
  double temperature = 1.0;      ///< T
  template <class V>
  void visit(V&& v) {
    v("step_size", step_size,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "Step size eps of r' = r - eps (grad U + xi r) + sqrt(2 C eps T) n, "
                       "theta' = theta + eps r', xi' = xi + rate eps (r'.r' / d - T)."});
    v("friction", friction,
      FieldInfo{.min = 0,
                .doc = "C, of the noise that is added; the friction xi itself starts here."});
    v("thermostat_rate", thermostat_rate,
      FieldInfo{.min = 0,
                .doc = "How fast xi follows the momentum's temperature: 1 as published, more for "
                       "minibatches that heat, 0 holds it (SGHMC)."});
    v("temperature", temperature,
      FieldInfo{.min = 0, .doc = "Posterior temperature T, to which the thermostat regulates."});
  }
};

/// state.extra: xi, [chains].
std::unique_ptr<Sampler> make_sgnht(const SgnhtConfig& config, const SamplerContext& context);

}  // namespace ergo
