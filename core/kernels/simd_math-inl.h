// SPDX-License-Identifier: GPL-3.0-or-later
// Included once per instruction set by the .cpp files of this folder (Highway's foreach_target).
#if defined(ERGO_CORE_KERNELS_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ERGO_CORE_KERNELS_SIMD_MATH_INL_H_
#undef ERGO_CORE_KERNELS_SIMD_MATH_INL_H_
#else
#define ERGO_CORE_KERNELS_SIMD_MATH_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
inline constexpr std::size_t most_lanes = HWY_MAX_BYTES / sizeof(T);

/// The first n lanes from memory, zero behind them; reads nothing else. n = 0 reads nothing.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_part(D d, const T* HWY_RESTRICT from, std::size_t n) {
  if (HWY_LIKELY(n >= hn::Lanes(d))) return hn::LoadU(d, from);
  HWY_ALIGN T part[most_lanes<T>] = {};
  std::copy_n(from, n, part);
  return hn::Load(d, part);
}

template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void store_part(V value, D d, T* HWY_RESTRICT to, std::size_t n) {
  if (HWY_LIKELY(n >= hn::Lanes(d))) {
    hn::StoreU(value, d, to);
    return;
  }
  HWY_ALIGN T part[most_lanes<T>];
  hn::Store(value, d, part);
  std::copy_n(part, n, to);
}

/// Lanes of a tile of two vectors that lie before `count`: of the first and of the second.
HWY_INLINE std::size_t lanes_used(std::int64_t count, std::int64_t start, std::size_t lanes) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(count - start, 0, static_cast<std::int64_t>(lanes)));
}

/// tanh. float32: x P(x^2) / Q(x^2), relative error of the quotient 2.1e-8 on |x| <= 9, beyond
/// which float32 rounds tanh to 1; the coefficients are our own least-maximum fit in double
/// precision. float64: (1 - e) / (1 + e) with e = exp(-2 |x|), through expm1 so that nothing
/// cancels. NaN stays NaN, so that a diverged chain is seen.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V tanh_of(D d, V x) {
  const V one = hn::Set(d, T(1));
  V t = x;
  if constexpr (sizeof(T) == sizeof(float)) {
    const V limit = hn::Set(d, 9.0f);
    const V y = hn::Max(hn::Neg(limit), hn::Min(x, limit));
    const V z = hn::Mul(y, y);
    V p = hn::Set(d, 1.3353400398887205e-08f);
    p = hn::MulAdd(p, z, hn::Set(d, 2.0608175351097574e-05f));
    p = hn::MulAdd(p, z, hn::Set(d, 3.495533946833872e-03f));
    p = hn::MulAdd(p, z, hn::Set(d, 1.3380980647082688e-01f));
    p = hn::MulAdd(p, z, hn::Set(d, 9.999999796235738e-01f));
    V q = hn::Set(d, 7.776041889178095e-07f);
    q = hn::MulAdd(q, z, hn::Set(d, 3.28554537203685e-04f));
    q = hn::MulAdd(q, z, hn::Set(d, 2.587677782237321e-02f));
    q = hn::MulAdd(q, z, hn::Set(d, 4.6714296304159153e-01f));
    q = hn::MulAdd(q, z, one);
    t = hn::Max(hn::Neg(one), hn::Min(hn::Div(hn::Mul(y, p), q), one));
  } else {
    const V m = hn::Expm1(d, hn::Mul(hn::Set(d, T(-2)), hn::Abs(x)));  // in (-1, 0]
    const V size = hn::Div(hn::Neg(m), hn::Add(hn::Set(d, T(2)), m));
    t = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Neg(size), size);
  }
  return hn::IfThenElse(hn::Ne(x, x), x, t);
}

/// 1 / (1 + exp(-x)); the argument is bounded so that exp stays finite.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V logistic_of(D d, V x) {
  const V one = hn::Set(d, T(1));
  const V e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, T(85))));
  return hn::IfThenElse(hn::Ne(x, x), x, hn::Div(one, hn::Add(one, e)));
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
