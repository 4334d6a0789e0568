// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include "core/samplers/sampler.h"

namespace ergo {

/// Standard normals shaped like the position; row c is the stream of chain first_chain + c at
/// transition `step + 1`. Made on the CPU, so that every device sees the same numbers.
torch::Tensor chain_noise(RngKey key, const ChainState& state);

/// True when the update may run as plain loops over memory: CPU, contiguous, float32 or float64.
bool runs_as_loop(const torch::Tensor& position);

}  // namespace ergo
