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

/// Outputs that are summed side by side, in two registers each: enough independent multiply-adds to
/// hide the latency of one. AVX-512 has 32 registers, the others 16.
inline constexpr int outputs_at_once = HWY_TARGET <= HWY_AVX3 ? 8 : 4;

/// Calls put(j, sum) with sum = b[j] + sum_i w[j, i] x_i for j < Out, in the order of j.
template <int In, int Out, class Put>
HWY_INLINE void layer(const float* HWY_RESTRICT w, const float* HWY_RESTRICT b,
                      const float* HWY_RESTRICT x, Put&& put) {
  const LD d;
  const std::size_t lanes = hn::Lanes(d), tile = 2 * lanes;
  constexpr int side = outputs_at_once;
  static_assert(Out % side == 0);
  for (int j = 0; j < Out; j += side) {
    Pair s[side];
    HWY_UNROLL(side)
    for (int k = 0; k < side; ++k) s[k].lo = s[k].hi = hn::Set(d, b[j + k]);
    const float* HWY_RESTRICT row = w + j * In;
    for (int i = 0; i < In; ++i) {
      const LV lo = hn::Load(d, x + i * tile), hi = hn::Load(d, x + i * tile + lanes);
      HWY_UNROLL(side)
      for (int k = 0; k < side; ++k) {
        const LV weight = hn::Set(d, row[k * In + i]);
        s[k].lo = hn::MulAdd(weight, lo, s[k].lo), s[k].hi = hn::MulAdd(weight, hi, s[k].hi);
      }
    }
    HWY_UNROLL(side)
    for (int k = 0; k < side; ++k) put(j + k, s[k]);
  }
}

HWY_INLINE Pair add_product(float weight, Pair x, Pair sum) {
  const LV w = hn::Set(LD(), weight);
  return {hn::MulAdd(w, x.lo, sum.lo), hn::MulAdd(w, x.hi, sum.hi)};
}

/// h0 = relu(share + momentum column * r), share[j] = b0[j] + sum over the eight steady features,
/// which is stored too where `share` is not null.
HWY_INLINE void first_layer(const L2eNetwork& p, const float* HWY_RESTRICT x, Pair r,
                            float* HWY_RESTRICT share, float* HWY_RESTRICT h0) {
  const std::size_t tile = 2 * hn::Lanes(LD());
  const float* HWY_RESTRICT momentum = p.momentum.data();
  layer<L2eNetwork::steady, l2e_width>(p.w0.data(), p.b0.data(), x, [&](int j, Pair s) HWY_ATTR {
    if (share) store_tile(s, share + j * tile);
    store_tile(relu(add_product(momentum[j], r, s)), h0 + j * tile);
  });
}

/// The same from a share that was stored.
HWY_INLINE void add_momentum(const L2eNetwork& p, const float* HWY_RESTRICT share, Pair r,
                             float* HWY_RESTRICT h0) {
  const std::size_t tile = 2 * hn::Lanes(LD());
  for (int j = 0; j < l2e_width; ++j) {
    const float weight = p.momentum[static_cast<std::size_t>(j)];
    store_tile(relu(add_product(weight, r, load_tile(share + j * tile))), h0 + j * tile);
  }
}

struct AlphaBeta {
  Pair alpha, beta;
};

/// From the first hidden layer to (A, B); A is left undefined where `with_alpha` is false. The
/// second hidden layer goes from its registers into the outputs' sums.
template <bool with_alpha>
HWY_INLINE AlphaBeta upper_layers(const L2eNetwork& p, const float* HWY_RESTRICT h0) {
  const LD d;
  AlphaBeta out;
  out.alpha.lo = out.alpha.hi = hn::Set(d, p.b2[0]);
  out.beta.lo = out.beta.hi = hn::Set(d, p.b2[1]);
  const float* HWY_RESTRICT w2 = p.w2.data();
  layer<l2e_width, l2e_width>(p.w1.data(), p.b1.data(), h0, [&](int j, Pair s) HWY_ATTR {
    const Pair h = relu(s);
    if constexpr (with_alpha) out.alpha = add_product(w2[j], h, out.alpha);
    out.beta = add_product(w2[l2e_width + j], h, out.beta);
  });
  return out;
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
