// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <vector>

#include "core/meta/unroll.h"

namespace ergo {

/// Meta-losses of all arms in their order, as unroll() gives them one by one. Arms whose
/// networks have one shape move together as rows of one state on `device`; their transitions are
/// captured as a CUDA graph. On the CPU the same rows move without capture, which is what a test
/// compares with unroll(). Rounding differs, so long unrolls of a chaotic chain differ from
/// unroll()'s.
/// @throws Error{internal} naming device and field when its memory is not enough.
/// @return infinity for an arm that diverged; all NaN when `control` stopped the unrolls.
std::vector<double> unroll_population(const std::vector<Arm>& arms, const torch::Device& device,
                                      const RunControl& control);

}  // namespace ergo
