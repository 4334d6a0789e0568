// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

/// The SGHMC update of one chain, float32, with its noise, in one pass over memory. Free of torch
/// and Qt; its plain counterpart is sghmc_update_plain (samplers/sghmc.h).
namespace ergo {

struct SghmcStepNumbers {
  float step_size = 0, friction = 0, noise_scale = 0;
};

/// Names the normals of one transition (kernels/normal.h).
struct NoiseCounter {
  std::uint64_t key = 0;
  std::uint32_t chain = 0;
  std::uint64_t step = 0;
};

/// r' = r - eps (grad + C r) + s n, theta' = theta + eps r'; no normals are made where s is 0.
/// Bit-identical on every instruction set. Thread-safe.
void sghmc_step(const SghmcStepNumbers& numbers, const NoiseCounter& noise, std::int64_t params,
                const float* grad, float* position, float* momentum);

}  // namespace ergo
