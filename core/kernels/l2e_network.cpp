// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/l2e_network.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/l2e_network.cpp"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// A tile is two vectors of parameters; four outputs of a layer are kept in registers at a time,
// so that eight independent multiply-adds hide the latency of one.
constexpr int outputs_at_once = 4;

/// h[out][tile] = relu(w x + b), or without relu where `linear`.
template <int In, int Out, bool linear>
HWY_ATTR HWY_INLINE void layer(const float* HWY_RESTRICT w, const float* HWY_RESTRICT b,
                               const float* HWY_RESTRICT x, float* HWY_RESTRICT h) {
  const D d;
  const std::size_t lanes = hn::Lanes(d), tile = 2 * lanes;
  constexpr int block = Out < outputs_at_once ? Out : outputs_at_once;
  static_assert(block == 4 || block == 2 || block == 1);
  for (int j = 0; j < Out; j += block) {
    V a0 = hn::Set(d, b[j]), a1 = a0;
    V b0 = hn::Set(d, b[j + (block > 1)]), b1 = b0;
    V c0 = hn::Set(d, block > 2 ? b[j + 2] : 0.0f), c1 = c0;
    V d0 = hn::Set(d, block > 2 ? b[j + 3] : 0.0f), d1 = d0;
    const float* row = w + j * In;
    for (int i = 0; i < In; ++i) {
      const V x0 = hn::Load(d, x + i * tile), x1 = hn::Load(d, x + i * tile + lanes);
      const V wa = hn::Set(d, row[i]);
      a0 = hn::MulAdd(wa, x0, a0), a1 = hn::MulAdd(wa, x1, a1);
      if constexpr (block > 1) {
        const V wb = hn::Set(d, row[In + i]);
        b0 = hn::MulAdd(wb, x0, b0), b1 = hn::MulAdd(wb, x1, b1);
      }
      if constexpr (block > 2) {
        const V wc = hn::Set(d, row[2 * In + i]), wd = hn::Set(d, row[3 * In + i]);
        c0 = hn::MulAdd(wc, x0, c0), c1 = hn::MulAdd(wc, x1, c1);
        d0 = hn::MulAdd(wd, x0, d0), d1 = hn::MulAdd(wd, x1, d1);
      }
    }
    const auto put = [&](int k, V lo, V hi) HWY_ATTR {
      if (!linear) lo = hn::Max(lo, hn::Zero(d)), hi = hn::Max(hi, hn::Zero(d));
      hn::Store(lo, d, h + (j + k) * tile);
      hn::Store(hi, d, h + (j + k) * tile + lanes);
    };
    put(0, a0, a1);
    if constexpr (block > 1) put(1, b0, b1);
    if constexpr (block > 2) put(2, c0, c1), put(3, d0, d1);
  }
}

HWY_ATTR void network(const L2eWeights& p, const float* const* features, const float* scale,
                      std::int64_t count, float* alpha, float* beta) {
  const D d;
  constexpr std::size_t most = 2 * HWY_MAX_BYTES / sizeof(float);
  const std::size_t tile = 2 * hn::Lanes(d);
  HWY_ALIGN float x[l2e_features * most];
  HWY_ALIGN float h0[l2e_width * most];
  HWY_ALIGN float h1[l2e_width * most];
  HWY_ALIGN float out[2 * most];
  for (std::int64_t start = 0; start < count; start += static_cast<std::int64_t>(tile)) {
    const auto used = static_cast<std::size_t>(
        std::min<std::int64_t>(static_cast<std::int64_t>(tile), count - start));
    for (int f = 0; f < l2e_features; ++f) {
      float* row = x + f * tile;
      for (std::size_t i = 0; i < used; ++i) row[i] = features[f][start + i] * scale[f];
      for (std::size_t i = used; i < tile; ++i) row[i] = 0.0f;
    }
    layer<l2e_features, l2e_width, false>(p.w0.data(), p.b0.data(), x, h0);
    layer<l2e_width, l2e_width, false>(p.w1.data(), p.b1.data(), h0, h1);
    if (alpha) {
      layer<l2e_width, 2, true>(p.w2.data(), p.b2.data(), h1, out);
      std::copy_n(out, used, alpha + start);
      std::copy_n(out + tile, used, beta + start);
    } else {
      layer<l2e_width, 1, true>(p.w2.data() + l2e_width, p.b2.data() + 1, h1, out);
      std::copy_n(out, used, beta + start);
    }
  }
}

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
HWY_EXPORT(network);
HWY_EXPORT(target_name);

void l2e_network(const L2eWeights& weights, const std::array<const float*, l2e_features>& features,
                 const std::array<float, l2e_features>& scale, std::int64_t count, float* alpha,
                 float* beta) {
  HWY_DYNAMIC_DISPATCH(network)(weights, features.data(), scale.data(), count, alpha, beta);
}

const char* l2e_instruction_set() { return HWY_DYNAMIC_DISPATCH(target_name)(); }

}  // namespace ergo
#endif  // HWY_ONCE
