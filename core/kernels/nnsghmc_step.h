// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

#include "core/kernels/sghmc_step.h"

/// The NNSGHMC update of one chain, float32, with its noise, in one pass over memory. Free of torch
/// and Qt; the equations are in samplers/meta_sgmcmc.h.
namespace ergo {

inline constexpr float nnsghmc_most_q = 5.0f;           ///< |MLP_Q| is cut off there
inline constexpr float nnsghmc_most_d = 1000.0f;        ///< so is D
inline constexpr float nnsghmc_d_scale = 50.0f;         ///< of |MLP_D|
inline constexpr float nnsghmc_gradient_scale = 70.0f;  ///< of g as an input of MLP_D

/// A network in-h-1 with ReLU, the columns of its first layer one after the other.
struct NnsghmcColumns {
  std::vector<float> energy, momentum, gradient;  ///< [h]; gradient only of MLP_D
  std::vector<float> bias, out;                   ///< [h]
  float out_bias = 0;
};

struct NnsghmcStepNumbers {
  float step_size = 0, temperature = 0, friction = 0, q_constant = 0;
  float gradient_scale = 0;  ///< 1 / n
  float energy = 0;          ///< u
  bool gamma = true;
};

/// Bit-identical on every instruction set. Thread-safe.
void nnsghmc_step(const NnsghmcColumns& q, const NnsghmcColumns& d,
                  const NnsghmcStepNumbers& numbers, const NoiseCounter& noise, std::int64_t params,
                  const float* grad, float* position, float* momentum);

}  // namespace ergo
