// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>

#include "core/config/field.h"
#include "core/samplers/nnsghmc.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// Meta-SGMCMC (Gong, Li & Hernandez-Lobato 2019, arXiv:1806.04522), its NNSGHMC: SGHMC whose
/// curl Q and diffusion D are small networks, applied to each coordinate. With n data,
/// u = U / n and g = grad U / n at theta (u counts as a number), eps = sqrt(step_multiplier / n),
///   Q(u, p) = clamp(MLP_Q(u, p), +-5) + const_Q,
///   D(u, p, g) = clamp(const_D Q^2 + 50 |MLP_D(u, p, 70 g)|, 0, 1000),
///   p'     = p - eps Q grad U - eps D p + eps T Gamma_p + sqrt(2 eps D T) noise,
///   theta' = theta + eps Q(u, p') p' + eps T Gamma_theta(u, p'),
///   Gamma_p = dQ/du g + dD/dp (through Q too),  Gamma_theta = -dQ/dp.
/// As the official code (algorithms of its MNIST experiment; no estimate of the gradient's noise),
/// but: const_D is `friction`, where the official one is 0.01 / eps, and const_Q is 1 unless the
/// file says otherwise (official: 0), so that networks that say 0 leave SGHMC. `gamma` = false
/// drops the two Gamma terms, which the sampler needs for the right distribution.
struct MetaSgmcmcConfig {
  std::string meta_parameters = "meta/meta-sgmcmc.safetensors";
  double step_multiplier = -1, friction = -1, temperature = 1.0;
  bool gamma = true;
  template <class V>
  void visit(V&& v) {
    v("meta_parameters", meta_parameters,
      FieldInfo{.doc = "Safetensors file with the networks Q and D; relative paths start at the "
                       "preset's folder, then at the folder of shipped presets.",
                .file = true});
    v("step_multiplier", step_multiplier,
      FieldInfo{.min = -1, .max = 1e12, .doc = "eps = sqrt(step_multiplier / n); -1: the file's."});
    v("friction", friction,
      FieldInfo{.min = -1,
                .max = 1e12,
                .doc = "const_D, the friction where MLP_D is 0 and Q is 1; -1: the file's."});
    v("temperature", temperature,
      FieldInfo{.min = 0, .doc = "Posterior temperature T; 0 switches the noise off."});
    v("gamma", gamma,
      FieldInfo{.doc = "Whether the terms Gamma are added, which correct for a Q and D that depend "
                       "on the state.",
                .advanced = true});
  }
};

/// The numbers of one update.
struct MetaSgmcmcUpdate {
  double step_size = 0, temperature = 1.0;
  bool gamma = true;
};

/// A transition as a new state, none of its operations in place: part of the autograd graph of phi,
/// of the old state and of `grad` where that is a node of it. `noise` may be undefined.
/// @param potential U at the old position, [chains]; counts as a number.
ChainState meta_sgmcmc_transition(const ChainState& state, const torch::Tensor& potential,
                                  const torch::Tensor& grad, const torch::Tensor& noise,
                                  const NnsghmcTensors& phi, const MetaSgmcmcUpdate& update,
                                  std::int64_t data_count);

/// From parameters already in memory, as meta-training uses it.
std::unique_ptr<Sampler> make_meta_sgmcmc(const NnsghmcParameters& parameters, double temperature,
                                          bool gamma, const SamplerContext& context);

/// @throws Error naming the file, or a violated constraint.
std::unique_ptr<Sampler> make_meta_sgmcmc(const MetaSgmcmcConfig& config,
                                          const SamplerContext& context);

}  // namespace ergo
