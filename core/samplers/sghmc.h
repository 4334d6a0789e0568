// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <memory>

#include "core/config/field.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// Stochastic-gradient Hamiltonian Monte Carlo (Chen, Fox & Guestrin 2014, arXiv:1402.4102,
/// eq. 9, identity mass, no noise estimate), semi-implicit Euler:
///   r'     = r - eps (grad U(theta) + C r) + sqrt(2 C eps T) n,   n ~ N(0, I)
///   theta' = theta + eps r'.
struct SghmcConfig {
  double step_size = 1e-3;   ///< eps
  double friction = 10.0;    ///< C
  double temperature = 1.0;  ///< T
  template <class V>
  void visit(V&& v) {
    v("step_size", step_size,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "Step size eps of r' = r - eps (grad U + C r) + "
                       "sqrt(2 C eps T) n, theta' = theta + eps r'."});
    v("friction", friction,
      FieldInfo{.min = 0,
                .doc = "Friction C; eps C near 1 forgets the "
                       "momentum at once, 0 is Hamiltonian dynamics."});
    v("temperature", temperature,
      FieldInfo{.min = 0, .doc = "Posterior temperature T; 0 switches the noise off."});
  }
};

/// The numbers of one SGHMC update; shared by every sampler of the family.
struct SghmcUpdate {
  double step_size = 0, friction = 0, temperature = 0;
  double noise_scale() const { return std::sqrt(2.0 * friction * step_size * temperature); }
};

/// The update in torch operations: any device, float32 or float64. `noise` may be undefined when
/// the noise scale is 0. The reference of sghmc_update_fused.
void sghmc_update_plain(ChainState& state, const torch::Tensor& grad, const torch::Tensor& noise,
                        const SghmcUpdate& update);

/// The same with the noise of transition step + 1, in one pass over memory; CPU, float32,
/// contiguous.
void sghmc_update_fused(ChainState& state, const torch::Tensor& grad, RngKey key,
                        const SghmcUpdate& update);

/// One transition of the family: evaluates, draws noise if any, updates, counts.
TransitionInfo sghmc_transition(RngKey key, ChainState& state, Potential& potential,
                                const SghmcUpdate& update);

std::unique_ptr<Sampler> make_sghmc(const SghmcConfig& config, const SamplerContext& context);

}  // namespace ergo
