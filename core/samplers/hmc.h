// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// Hamiltonian Monte Carlo (Neal 2011, arXiv:1206.1901, section 5.2): leapfrog on all data with
/// identity mass, fresh momentum each transition, acceptance min(1, exp(-dH)). A transition has
/// ceil(trajectory_length u / eps) leapfrog steps, u uniform in [1 - jitter, 1].
/// While adapting (the burn-in), log eps moves by (acceptance - target) t^-0.6 (Robbins & Monro
/// 1951) and eps is then frozen at the weighted mean of its logarithm over the adaptation's second
/// half. U and its gradient at the position stay in the state, so that a transition evaluates once
/// per leapfrog step; a chain's first one evaluates its initial position besides.
struct HmcConfig {
  double step_size = 1e-3;
  double trajectory_length = 1.0;
  double jitter = 0.2;
  double target_acceptance = 0.8;
  std::int64_t max_leapfrog = 2000;
  template <class V>
  void visit(V&& v) {
    v("step_size", step_size,
      FieldInfo{.min = 0, .open_min = true, .doc = "Leapfrog step size the adaptation starts at."});
    v("trajectory_length", trajectory_length,
      FieldInfo{.min = 0, .open_min = true, .doc = "Integration time of one transition."});
    v("jitter", jitter,
      FieldInfo{.min = 0,
                .max = 1,
                .doc = "Trajectories are shortened by a "
                       "uniform share up to this, against resonance; 0: never."});
    v("target_acceptance", target_acceptance,
      FieldInfo{
          .min = 0, .max = 0.999, .doc = "Acceptance the adaptation aims at; 0: no adaptation."});
    v("max_leapfrog", max_leapfrog,
      FieldInfo{.min = 1, .max = 1000000, .doc = "Most leapfrog steps of one transition."});
  }
};

/// @pre one chain per call (a transition's length differs between chains).
std::unique_ptr<Sampler> make_hmc(const HmcConfig& config, const SamplerContext& context);

/// Leapfrog: `steps` >= 1 steps of size eps from (theta, r) in place, one evaluation each. `grad`
/// is grad U at theta, before and after. @return U at the end, nats.
double leapfrog(torch::Tensor& position, torch::Tensor& momentum, torch::Tensor& grad, double eps,
                std::int64_t steps, Potential& potential);

}  // namespace ergo
