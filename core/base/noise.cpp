// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/noise.h"

#include <algorithm>
#include <vector>

#include "core/kernels/normal.h"

namespace ergo {

void fill_normal(RngKey key, std::int64_t chain, std::int64_t step, std::int64_t n, float* out) {
  fill_normals(key.value, static_cast<std::uint32_t>(chain), static_cast<std::uint64_t>(step), n,
               out);
}

void fill_normal(RngKey key, std::int64_t chain, std::int64_t step, std::int64_t n, double* out) {
  std::vector<float> narrow(static_cast<std::size_t>(n));
  fill_normal(key, chain, step, n, narrow.data());
  std::copy(narrow.begin(), narrow.end(), out);
}

}  // namespace ergo
