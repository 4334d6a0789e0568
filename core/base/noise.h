// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "core/base/rng.h"

namespace ergo {

/// Standard normals of one chain at one step: out[i], i < n.
///
/// Philox4x32-10, counter = (chain, step low, step high, block), four numbers a block; Box-Muller
/// in float32 (kernels/normal.h), the same bits on every instruction set. out[i] depends on (key,
/// chain, step, i) only: whole blocks of a fixed size are made and the rest of the last one is
/// dropped, so n does not matter. In float64 the same numbers are widened. Thread-safe.
void fill_normal(RngKey key, std::int64_t chain, std::int64_t step, std::int64_t n, float* out);
void fill_normal(RngKey key, std::int64_t chain, std::int64_t step, std::int64_t n, double* out);

}  // namespace ergo
