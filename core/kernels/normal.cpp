// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/normal.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/normal.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "core/kernels/normal-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

void fill(std::uint64_t key, std::uint32_t chain, std::uint64_t step, std::int64_t n, float* out) {
  constexpr auto size = static_cast<std::int64_t>(normals_per_block);
  std::int64_t start = 0;
  for (; start + size <= n; start += size) {
    normal_block(key, chain, step, static_cast<std::uint32_t>(start / size), out + start);
  }
  if (start == n) return;
  HWY_ALIGN float rest[normals_per_block];
  normal_block(key, chain, step, static_cast<std::uint32_t>(start / size), rest);
  std::copy_n(rest, n - start, out + start);
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
HWY_EXPORT(fill);

void fill_normals(std::uint64_t key, std::uint32_t chain, std::uint64_t step, std::int64_t n,
                  float* out) {
  HWY_DYNAMIC_DISPATCH(fill)(key, chain, step, n, out);
}

}  // namespace ergo
#endif  // HWY_ONCE
