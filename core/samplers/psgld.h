// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// SGLD preconditioned as RMSprop is (Li, Chen, Carlson & Carin 2016, AAAI, arXiv:1512.07666,
/// algorithm 1 with their eps / 2 = eps; T = 1 is theirs), per parameter:
///   v'     = decay v + (1 - decay) g^2,   g = grad U(theta) / n, v = 0 at the start
///   G      = 1 / (stabiliser + sqrt(v'))
///   theta' = theta - eps G grad U + sqrt(2 eps G T) noise.
/// It drops the term Gamma = dG / dtheta, as the paper's algorithm and everybody after it do in
/// practice: its distribution is not the posterior even for eps -> 0. The slower v moves (decay
/// near 1), the nearer it comes. g holds the prior (the paper's does not). With decay 1, v stays 0,
/// and it is SGLD with step size eps / stabiliser.
struct PsgldConfig {
  double step_size = 1e-5;   ///< eps
  double decay = 0.99;       ///< of the averaged squares, as published
  double stabiliser = 1e-5;  ///< lambda, units of g, as published
  double temperature = 1.0;  ///< T
  template <class V>
  void visit(V&& v) {
    v("step_size", step_size,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "Step size eps of theta' = theta - eps G grad U + sqrt(2 eps G T) n, "
                       "G = 1 / (stabiliser + sqrt(v)), v the average of (grad U / n)^2."});
    v("decay", decay,
      FieldInfo{.min = 0,
                .max = 1,
                .doc = "Of the average v; 1 holds v at 0, which is SGLD with step size "
                       "eps / stabiliser."});
    v("stabiliser", stabiliser,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "Bounds G where gradients vanish; units of grad U / n."});
    v("temperature", temperature,
      FieldInfo{.min = 0, .doc = "Posterior temperature T; 0 switches the noise off (RMSprop)."});
  }
};

/// state.extra: v, [chains, params]. info: "preconditioner", the mean of G, which makes eps a step
/// size of SGLD.
std::unique_ptr<Sampler> make_psgld(const PsgldConfig& config, const SamplerContext& context);

}  // namespace ergo
