// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// Stochastic-gradient Langevin dynamics (Welling & Teh 2011, ICML, eq. 4 with eps_t / 2 = eps
/// constant; T = 1 is theirs):
///   theta' = theta - eps grad U(theta) + sqrt(2 eps T) n,   n ~ N(0, I).
/// In full batch on U = x' P x / 2 its stationary covariance is T (P - eps P^2 / 2)^-1, stable for
/// eps < 2 / largest eigenvalue of P.
struct SgldConfig {
  double step_size = 1e-5;   ///< eps
  double temperature = 1.0;  ///< T
  template <class V>
  void visit(V&& v) {
    v("step_size", step_size,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "Step size eps of theta' = theta - eps grad U + sqrt(2 eps T) n; SGHMC with "
                       "step size sqrt(eps) and friction 1 / sqrt(eps) makes the same steps."});
    v("temperature", temperature,
      FieldInfo{.min = 0, .doc = "Posterior temperature T; 0 switches the noise off."});
  }
};

std::unique_ptr<Sampler> make_sgld(const SgldConfig& config, const SamplerContext& context);

}  // namespace ergo
