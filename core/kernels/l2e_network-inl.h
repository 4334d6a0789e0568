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

/// The paper's widths, known to the compiler.
struct PaperWidths {
  explicit PaperWidths(L2eWidths) {}
  static constexpr int first = 32, second = 32, most = 32;
};

/// Any other ones, known at run time.
struct AnyWidths {
  explicit AnyWidths(L2eWidths widths) : first(widths.first), second(widths.second) {}
  int first, second;
  static constexpr int most = l2e_most_width;
};

/// Calls run(PaperWidths) or run(AnyWidths), whichever fits the network.
template <class Run>
HWY_INLINE void with_widths(const L2eNetwork& network, Run&& run) {
  if (network.hidden == L2eWidths{PaperWidths::first, PaperWidths::second})
    run(PaperWidths(network.hidden));
  else
    run(AnyWidths(network.hidden));
}

/// A network as the loops read it.
template <class Widths>
struct NetworkView {
  NetworkView(const L2eNetwork& network, Widths widths) : width(widths) {
    const L2eNetwork::Places at = L2eNetwork::places({width.first, width.second});
    const float* v = network.values.data();
    w0 = v + at.w0, momentum = v + at.momentum, b0 = v + at.b0;
    w1 = v + at.w1, b1 = v + at.b1, w2 = v + at.w2, b2 = v + at.b2;
  }
  Widths width;
  const float *w0, *momentum, *b0, *w1, *b1, *w2, *b2;
};

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

/// Calls put(j, sum) with sum = b[j] + sum_i w[j, i] x_i for j < out, in the order of j.
/// @pre out is a multiple of l2e_unit_multiple.
template <class Put>
HWY_INLINE void layer(int in, int out, const float* HWY_RESTRICT w, const float* HWY_RESTRICT b,
                      const float* HWY_RESTRICT x, Put&& put) {
  const LD d;
  const std::size_t lanes = hn::Lanes(d), tile = 2 * lanes;
  constexpr int side = outputs_at_once;
  static_assert(l2e_unit_multiple % side == 0);
  for (int j = 0; j < out; j += side) {
    Pair s[side];
    HWY_UNROLL(side)
    for (int k = 0; k < side; ++k) s[k].lo = s[k].hi = hn::Set(d, b[j + k]);
    const float* HWY_RESTRICT row = w + j * in;
    for (int i = 0; i < in; ++i) {
      const LV lo = hn::Load(d, x + i * tile), hi = hn::Load(d, x + i * tile + lanes);
      HWY_UNROLL(side)
      for (int k = 0; k < side; ++k) {
        const LV weight = hn::Set(d, row[k * in + i]);
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
template <class Widths>
HWY_INLINE void first_layer(const NetworkView<Widths>& p, const float* HWY_RESTRICT x, Pair r,
                            float* HWY_RESTRICT share, float* HWY_RESTRICT h0) {
  const std::size_t tile = 2 * hn::Lanes(LD());
  const float* HWY_RESTRICT momentum = p.momentum;
  layer(L2eNetwork::steady, p.width.first, p.w0, p.b0, x, [&](int j, Pair s) HWY_ATTR {
    if (share) store_tile(s, share + j * tile);
    store_tile(relu(add_product(momentum[j], r, s)), h0 + j * tile);
  });
}

/// The same from a share that was stored.
template <class Widths>
HWY_INLINE void add_momentum(const NetworkView<Widths>& p, const float* HWY_RESTRICT share, Pair r,
                             float* HWY_RESTRICT h0) {
  const std::size_t tile = 2 * hn::Lanes(LD());
  for (int j = 0; j < p.width.first; ++j) {
    store_tile(relu(add_product(p.momentum[j], r, load_tile(share + j * tile))), h0 + j * tile);
  }
}

struct AlphaBeta {
  Pair alpha, beta;
};

/// From the first hidden layer to (A, B); A is left undefined where `with_alpha` is false. The
/// second hidden layer goes from its registers into the outputs' sums.
template <bool with_alpha, class Widths>
HWY_INLINE AlphaBeta upper_layers(const NetworkView<Widths>& p, const float* HWY_RESTRICT h0) {
  const LD d;
  AlphaBeta out;
  out.alpha.lo = out.alpha.hi = hn::Set(d, p.b2[0]);
  out.beta.lo = out.beta.hi = hn::Set(d, p.b2[1]);
  const float* HWY_RESTRICT w2 = p.w2;
  layer(p.width.first, p.width.second, p.w1, p.b1, h0, [&](int j, Pair s) HWY_ATTR {
    const Pair h = relu(s);
    if constexpr (with_alpha) out.alpha = add_product(w2[j], h, out.alpha);
    out.beta = add_product(w2[p.width.second + j], h, out.beta);
  });
  return out;
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
