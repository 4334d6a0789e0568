// SPDX-License-Identifier: GPL-3.0-or-later
// Included once per instruction set by the .cpp files of this folder (Highway's foreach_target).
#if defined(ERGO_CORE_KERNELS_FRN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ERGO_CORE_KERNELS_FRN_INL_H_
#undef ERGO_CORE_KERNELS_FRN_INL_H_
#else
#define ERGO_CORE_KERNELS_FRN_INL_H_
#endif

#include "core/kernels/conv_slab.h"
#include "core/kernels/resnet_shape.h"
#include "core/kernels/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

/// The parameters of one channel.
template <class T>
struct FrnChannel {
  T gamma, beta, tau;
};

/// What is added to a channel before its SiLU: every `stride`th pixel of a plane; null: nothing.
template <class T>
struct Shortcut {
  const T* data = nullptr;
  SlabShape from;
  std::int64_t stride = 1;
};

/// Calls use(i, offset of pixel (y, x) in a plane, offset in the shortcut's) for every pixel of a
/// plane and both vectors of examples, the vector beginning at i.
template <class T, class Use>
HWY_INLINE void each_pixel(const SlabShape slab, const Shortcut<T>& shortcut, const Use& use) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  for (std::int64_t y = 0; y < slab.height; ++y) {
    for (std::int64_t x = 0; x < slab.width; ++x) {
      const std::int64_t at = slab.at(y, x);
      const std::int64_t from = shortcut.from.at(shortcut.stride * y, shortcut.stride * x);
      use(std::int64_t{0}, at, from);
      use(lanes, at + lanes, from + lanes);
    }
  }
}

/// scale = 1 / sqrt(mean over pixels of x^2 + epsilon), for each example; borders of x are zero.
template <class T>
HWY_INLINE void frn_scale(const SlabShape slab, const T* HWY_RESTRICT x, T* HWY_RESTRICT scale) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto pixels = static_cast<T>(slab.height * slab.width);
  for (std::int64_t i = 0; i < slab.tile; i += lanes) {
    auto sum = hn::Zero(d);
    for (std::int64_t at = i; at < slab.plane(); at += slab.tile) {
      const auto v = hn::Load(d, x + at);
      sum = hn::MulAdd(v, v, sum);
    }
    const auto mean =
        hn::MulAdd(sum, hn::Set(d, T(1) / pixels), hn::Set(d, static_cast<T>(frn_epsilon)));
    hn::Store(hn::Div(hn::Set(d, T(1)), hn::Sqrt(mean)), d, scale + i);
  }
}

/// out = silu(max(gamma x scale + beta, tau) + shortcut). Not Max, which may drop NaN.
template <class T>
HWY_INLINE void frn_silu(const SlabShape slab, const FrnChannel<T> p, const T* HWY_RESTRICT x,
                         const T* HWY_RESTRICT scale, const Shortcut<T> shortcut,
                         T* HWY_RESTRICT out) {
  const hn::ScalableTag<T> d;
  const auto gamma = hn::Set(d, p.gamma), beta = hn::Set(d, p.beta), tau = hn::Set(d, p.tau);
  each_pixel(slab, shortcut, [&](std::int64_t i, std::int64_t at, std::int64_t from) HWY_ATTR {
    const auto factor = hn::Mul(gamma, hn::Load(d, scale + i));
    const auto y = hn::MulAdd(factor, hn::Load(d, x + at), beta);
    auto z = hn::IfThenElse(hn::Lt(y, tau), tau, y);
    if (shortcut.data) z = hn::Add(z, hn::Load(d, shortcut.data + from));
    hn::Store(hn::Mul(z, logistic_of(d, z)), d, out + at);
  });
}

/// Differences of x, in `dx`, and, where it is not null, of the sum before the SiLU, in `dz`, from
/// those of what frn_silu gave, `delta`, which may be the one or the other. Adds those of the
/// parameters to `sums`. A number at tau counts for both sides by half, as automatic
/// differentiation of a maximum has it.
template <class T>
HWY_INLINE void frn_silu_backward(const SlabShape slab, const FrnChannel<T> p,
                                  const T* HWY_RESTRICT x, const T* HWY_RESTRICT scale,
                                  const Shortcut<T> shortcut, const T* delta, T* dz, T* dx,
                                  FrnChannel<T>& sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V gamma = hn::Set(d, p.gamma), beta = hn::Set(d, p.beta), tau = hn::Set(d, p.tau);
  const V one = hn::Set(d, T(1)), half = hn::Set(d, T(0.5)), zero = hn::Zero(d);
  V to_gamma[2] = {zero, zero}, to_beta = zero, to_tau = zero;
  each_pixel(slab, shortcut, [&](std::int64_t i, std::int64_t at, std::int64_t from) HWY_ATTR {
    const V normal = hn::Mul(hn::Load(d, x + at), hn::Load(d, scale + i));
    const V y = hn::MulAdd(gamma, normal, beta);
    V z = hn::IfThenElse(hn::Lt(y, tau), tau, y);
    if (shortcut.data) z = hn::Add(z, hn::Load(d, shortcut.data + from));
    const V s = logistic_of(d, z);  // d/dz z s(z) = s + z s (1 - s)
    const V slope = hn::MulAdd(hn::Mul(z, s), hn::Sub(one, s), s);
    const V through = hn::Mul(hn::Load(d, delta + at), slope);
    const V share = hn::IfThenElse(hn::Eq(y, tau), half, hn::IfThenElseZero(hn::Gt(y, tau), one));
    const V kept = hn::Mul(through, share);
    if (dz) hn::Store(through, d, dz + at);
    hn::Store(kept, d, dx + at);
    V& sum = to_gamma[i == 0 ? 0 : 1];
    sum = hn::MulAdd(kept, normal, sum);
    to_beta = hn::Add(to_beta, kept);
    to_tau = hn::Add(to_tau, hn::Sub(through, kept));
  });
  sums.gamma += hn::GetLane(hn::SumOfLanes(d, hn::Add(to_gamma[0], to_gamma[1])));
  sums.beta += hn::GetLane(hn::SumOfLanes(d, to_beta));
  sums.tau += hn::GetLane(hn::SumOfLanes(d, to_tau));
  // dx = scale (gamma kept - x scale mean(gamma kept x scale))
  const V mean = hn::Set(d, T(1) / static_cast<T>(slab.height * slab.width));
  each_pixel(slab, Shortcut<T>(), [&](std::int64_t i, std::int64_t at, std::int64_t) HWY_ATTR {
    const V s = hn::Load(d, scale + i);
    const V along =
        hn::Mul(hn::Mul(hn::Load(d, x + at), s), hn::Mul(to_gamma[i == 0 ? 0 : 1], mean));
    const V across = hn::Sub(hn::Load(d, dx + at), along);
    hn::Store(hn::Mul(hn::Mul(s, gamma), across), d, dx + at);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
