// SPDX-License-Identifier: GPL-3.0-or-later
// Included once per instruction set by the .cpp files of this folder (Highway's foreach_target).
#if defined(ERGO_CORE_KERNELS_L2E_NETWORK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ERGO_CORE_KERNELS_L2E_NETWORK_INL_H_
#undef ERGO_CORE_KERNELS_L2E_NETWORK_INL_H_
#else
#define ERGO_CORE_KERNELS_L2E_NETWORK_INL_H_
#endif

#include "core/kernels/l2e_network.h"
#include "core/kernels/simd_math-inl.h"

// A tile is two vectors of parameters. Everything between the features and (A, B) of a tile stays
// in the first cache level.
HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {
using LD = hn::ScalableTag<float>;
using LV = hn::Vec<LD>;

inline constexpr std::size_t most_tile = 2 * most_lanes<float>;
inline constexpr std::size_t hidden_floats = l2e_width * most_tile;

struct Pair {
  LV lo, hi;
};

HWY_INLINE Pair load_tile(const float* HWY_RESTRICT x) {
  const LD d;
  return {hn::Load(d, x), hn::Load(d, x + hn::Lanes(d))};
}

HWY_INLINE void store_tile(Pair value, float* HWY_RESTRICT x) {
  const LD d;
  hn::Store(value.lo, d, x);
  hn::Store(value.hi, d, x + hn::Lanes(d));
}

HWY_INLINE Pair relu(Pair z) {
  const LV zero = hn::Zero(LD());
  return {hn::Max(z.lo, zero), hn::Max(z.hi, zero)};
}

/// Calls put(j, sum) with sum = b[j] + sum_i w[j, i] x_i for j < Out. Four outputs are summed side
/// by side in eight registers: enough independent multiply-adds to hide the latency of one.
template <int In, int Out, class Put>
HWY_INLINE void layer(const float* HWY_RESTRICT w, const float* HWY_RESTRICT b,
                      const float* HWY_RESTRICT x, Put&& put) {
  const LD d;
  const std::size_t lanes = hn::Lanes(d), tile = 2 * lanes;
  constexpr int side = Out < 4 ? Out : 4;
  static_assert(Out % side == 0 && side != 3);
  for (int j = 0; j < Out; j += side) {
    Pair s0, s1, s2, s3;
    s0.lo = s0.hi = hn::Set(d, b[j]);
    s1.lo = s1.hi = hn::Set(d, b[j + (side > 1)]);
    s2.lo = s2.hi = hn::Set(d, b[j + (side > 2 ? 2 : 0)]);
    s3.lo = s3.hi = hn::Set(d, b[j + (side > 2 ? 3 : 0)]);
    const float* HWY_RESTRICT row = w + j * In;
    for (int i = 0; i < In; ++i) {
      const LV lo = hn::Load(d, x + i * tile), hi = hn::Load(d, x + i * tile + lanes);
      const LV w0 = hn::Set(d, row[i]);
      s0.lo = hn::MulAdd(w0, lo, s0.lo), s0.hi = hn::MulAdd(w0, hi, s0.hi);
      if constexpr (side > 1) {
        const LV w1 = hn::Set(d, row[In + i]);
        s1.lo = hn::MulAdd(w1, lo, s1.lo), s1.hi = hn::MulAdd(w1, hi, s1.hi);
      }
      if constexpr (side > 2) {
        const LV w2 = hn::Set(d, row[2 * In + i]), w3 = hn::Set(d, row[3 * In + i]);
        s2.lo = hn::MulAdd(w2, lo, s2.lo), s2.hi = hn::MulAdd(w2, hi, s2.hi);
        s3.lo = hn::MulAdd(w3, lo, s3.lo), s3.hi = hn::MulAdd(w3, hi, s3.hi);
      }
    }
    put(j, s0);
    if constexpr (side > 1) put(j + 1, s1);
    if constexpr (side > 2) put(j + 2, s2), put(j + 3, s3);
  }
}

/// First layer without the momentum: share[j] = b0[j] + sum over the eight steady features.
HWY_INLINE void steady_share(const L2eNetwork& p, const float* HWY_RESTRICT x,
                             float* HWY_RESTRICT share) {
  const std::size_t tile = 2 * hn::Lanes(LD());
  layer<L2eNetwork::steady, l2e_width>(p.w0.data(), p.b0.data(), x,
                                       [&](int j, Pair s) HWY_ATTR { store_tile(s, share + j * tile); });
}

/// h0 = relu(share + momentum column * r).
HWY_INLINE void add_momentum(const L2eNetwork& p, const float* HWY_RESTRICT share, Pair r,
                             float* HWY_RESTRICT h0) {
  const LD d;
  const std::size_t tile = 2 * hn::Lanes(d);
  for (int j = 0; j < l2e_width; ++j) {
    const Pair s = load_tile(share + j * tile);
    const LV w = hn::Set(d, p.momentum[static_cast<std::size_t>(j)]);
    store_tile(relu({hn::MulAdd(w, r.lo, s.lo), hn::MulAdd(w, r.hi, s.hi)}), h0 + j * tile);
  }
}

struct AlphaBeta {
  Pair alpha, beta;
};

/// From the first hidden layer to (A, B); A is left undefined where `with_alpha` is false.
template <bool with_alpha>
HWY_INLINE AlphaBeta upper_layers(const L2eNetwork& p, const float* HWY_RESTRICT h0,
                                  float* HWY_RESTRICT h1) {
  const std::size_t tile = 2 * hn::Lanes(LD());
  layer<l2e_width, l2e_width>(
      p.w1.data(), p.b1.data(), h0,
      [&](int j, Pair s) HWY_ATTR { store_tile(relu(s), h1 + j * tile); });
  AlphaBeta out;
  if constexpr (with_alpha) {
    layer<l2e_width, 2>(p.w2.data(), p.b2.data(), h1,
                        [&](int j, Pair s) HWY_ATTR { (j == 0 ? out.alpha : out.beta) = s; });
  } else {
    layer<l2e_width, 1>(p.w2.data() + l2e_width, p.b2.data() + 1, h1,
                        [&](int, Pair s) HWY_ATTR { out.beta = s; });
    out.alpha = out.beta;
  }
  return out;
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
