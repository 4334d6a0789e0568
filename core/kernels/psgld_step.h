// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/kernels/sghmc_step.h"

/// The pSGLD update of one chain, float32, with its noise, in one pass over memory. Free of torch
/// and Qt; the equation is in samplers/psgld.h.
namespace ergo {

struct PsgldStepNumbers {
  float step_size = 0, decay = 0, stabiliser = 0;
  float gradient_scale = 0;  ///< 1 / n
  float noise_scale = 0;     ///< sqrt(2 eps T); no normals are made where it is 0
};

/// Bit-identical on every instruction set. Thread-safe.
void psgld_step(const PsgldStepNumbers& numbers, const NoiseCounter& noise, std::int64_t params,
                const float* grad, float* position, float* squares);

}  // namespace ergo
