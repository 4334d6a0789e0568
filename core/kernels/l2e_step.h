// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>

#include "core/kernels/l2e_network.h"

/// One whole L2E transition of one chain, float32. Free of torch and Qt; its plain counterpart is
/// l2e_update with NetworkKinetic (samplers/l2e.h).
namespace ergo {

struct L2eStepNumbers {
  float gradient_scale = 1.0f;  ///< 1 / n: g = gradient_scale * grad
  float step_size = 0, data_size = 0, friction = 0, noise_scale = 0;
};

/// Arrays of one chain, `params` floats each, averages [6, params]; grad and noise are read only.
struct L2eChain {
  std::int64_t params = 0;
  const float* grad = nullptr;   ///< grad U, not divided
  const float* noise = nullptr;  ///< null where noise_scale is 0
  float* position = nullptr;
  float* momentum = nullptr;
  float* averages = nullptr;
};

/// Moves the averages on, then r and theta (samplers/l2e.h states the equations), in three passes
/// over a span: averages and mean squares; momentum; position. The two normalisations, of the
/// features and of the new momentum, allow no fewer. Squares are summed in float32 over at most
/// 1,024 numbers and then in double. Thread-safe.
void l2e_step(const L2eNetwork& network, const L2eStepNumbers& numbers,
              std::span<const L2eSpan> spans, const L2eChain& chain);

}  // namespace ergo
