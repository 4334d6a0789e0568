// SPDX-License-Identifier: GPL-3.0-or-later
// Included once per instruction set by the .cpp files of this folder (Highway's foreach_target).
#if defined(ERGO_CORE_KERNELS_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ERGO_CORE_KERNELS_NORMAL_INL_H_
#undef ERGO_CORE_KERNELS_NORMAL_INL_H_
#else
#define ERGO_CORE_KERNELS_NORMAL_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/kernels/normal.h"
#include "core/kernels/sghmc_step.h"

// Counter-based normals whose bits are the same on every instruction set: integers, and float32
// additions, multiplications, divisions and square roots, each rounded once. No fused
// multiply-add (this folder is compiled with -ffp-contract=off), no sum over lanes, no libm.
HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using NoiseF = hn::ScalableTag<float>;
using NoiseU = hn::RebindToUnsigned<NoiseF>;
using NoiseI = hn::RebindToSigned<NoiseF>;

template <class V>
struct Product {
  V high, low;
};

/// The 64-bit products a b of all lanes, as two words.
template <class V>
HWY_INLINE Product<V> multiply(V a, std::uint32_t b) {
  const NoiseU d;
#if HWY_TARGET == HWY_SCALAR
  const std::uint64_t p = std::uint64_t{hn::GetLane(a)} * b;
  return {hn::Set(d, static_cast<std::uint32_t>(p >> 32)),
          hn::Set(d, static_cast<std::uint32_t>(p))};
#else
  const hn::RepartitionToWide<NoiseU> wide;
  const V factor = hn::Set(d, b);
  const auto even = hn::MulEven(a, factor);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, a))), factor);
  const V high_even = hn::BitCast(d, hn::ShiftRight<32>(even));
  const V low_odd = hn::BitCast(d, hn::ShiftLeft<32>(odd));
  return {hn::OddEven(hn::BitCast(d, odd), high_even), hn::OddEven(low_odd, hn::BitCast(d, even))};
#endif
}

/// Ten rounds of Philox4x32 (Salmon et al. 2011) on four vectors of counter words, in place.
template <class V>
HWY_INLINE void philox(std::uint64_t key, V& c0, V& c1, V& c2, V& c3) {
  const NoiseU d;
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const Product<V> p = multiply(c0, 0xD2511F53u), q = multiply(c2, 0xCD9E8D57u);
    c0 = hn::Xor(hn::Xor(q.high, c1), hn::Set(d, k0));
    c2 = hn::Xor(hn::Xor(p.high, c3), hn::Set(d, k1));
    c1 = q.low;
    c3 = p.low;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

/// (bits >> 8 + 1) 2^-24, in (0, 1]: never zero, so that its logarithm is finite. Exact.
template <class V>
HWY_INLINE hn::Vec<NoiseF> open_unit(V bits) {
  const NoiseF f;
  const hn::Vec<NoiseF> whole = hn::ConvertTo(f, hn::BitCast(NoiseI(), hn::ShiftRight<8>(bits)));
  return hn::Mul(hn::Add(whole, hn::Set(f, 1.0f)), hn::Set(f, 0x1p-24f));
}

/// log x for normal x > 0: x = m 2^e with m in [sqrt(1/2), sqrt(2)), log m by the polynomial of
/// Cephes (Moshier, logf).
template <class V>
HWY_INLINE V strict_log(V x) {
  const NoiseF f;
  const NoiseI i;
  constexpr std::int32_t root_half = 0x3f3504f3;
  const auto bits = hn::BitCast(i, x);
  const auto exponent = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(i, root_half)));
  const V e = hn::ConvertTo(f, exponent);
  const V m = hn::Sub(hn::BitCast(f, hn::Sub(bits, hn::ShiftLeft<23>(exponent))), hn::Set(f, 1.0f));
  const V z = hn::Mul(m, m);
  V p = hn::Set(f, 7.0376836292e-2f);
  for (const float c : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                        -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f}) {
    p = hn::Add(hn::Mul(p, m), hn::Set(f, c));
  }
  V y = hn::Mul(hn::Mul(m, z), p);
  y = hn::Add(y, hn::Mul(e, hn::Set(f, -2.12194440e-4f)));
  y = hn::Sub(y, hn::Mul(hn::Set(f, 0.5f), z));
  return hn::Add(hn::Add(m, y), hn::Mul(e, hn::Set(f, 0.693359375f)));
}

/// (cos, sin) of 2 pi (u - 1/2): the quarter turn and the rest are exact, the rest by the
/// polynomials of Cephes (sinf, cosf) on [-pi/4, pi/4].
template <class V>
HWY_INLINE std::pair<V, V> strict_cos_sin(V u) {
  const NoiseF f;
  const NoiseU d;
  const V turns = hn::Mul(hn::Sub(u, hn::Set(f, 0.5f)), hn::Set(f, 4.0f));
  const V magic = hn::Set(f, 12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const V shifted = hn::Add(turns, magic);
  const auto quarter = hn::BitCast(d, shifted);
  const V x = hn::Mul(hn::Sub(turns, hn::Sub(shifted, magic)), hn::Set(f, 1.57079632679489662f));
  const V z = hn::Mul(x, x);
  V s = hn::Add(hn::Mul(hn::Set(f, -1.9515295891e-4f), z), hn::Set(f, 8.3321608736e-3f));
  s = hn::Add(hn::Mul(s, z), hn::Set(f, -1.6666654611e-1f));
  s = hn::Add(hn::Mul(hn::Mul(s, z), x), x);
  V c = hn::Add(hn::Mul(hn::Set(f, 2.443315711809948e-5f), z), hn::Set(f, -1.388731625493765e-3f));
  c = hn::Add(hn::Mul(c, z), hn::Set(f, 4.166664568298827e-2f));
  c = hn::Add(hn::Mul(hn::Mul(c, z), z), hn::Sub(hn::Set(f, 1.0f), hn::Mul(hn::Set(f, 0.5f), z)));
  const auto one = hn::Set(d, 1u), two = hn::Set(d, 2u);
  const auto odd = hn::RebindMask(f, hn::Eq(hn::And(quarter, one), one));
  const auto sin_sign = hn::ShiftLeft<30>(hn::And(quarter, two));
  const auto cos_sign = hn::ShiftLeft<30>(hn::And(hn::Add(quarter, one), two));
  const V sine = hn::IfThenElse(odd, c, s), cosine = hn::IfThenElse(odd, s, c);
  return {hn::BitCast(f, hn::Xor(hn::BitCast(d, cosine), cos_sign)),
          hn::BitCast(f, hn::Xor(hn::BitCast(d, sine), sin_sign))};
}

/// Fills out[0..255], `normals_per_block` normals, for block `block` (see normal.h).
HWY_INLINE void normal_block(std::uint64_t key, std::uint32_t chain, std::uint64_t step,
                             std::uint32_t block, float* HWY_RESTRICT out) {
  const NoiseF f;
  const NoiseU d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < philox_calls_per_block; i += lanes) {
    const auto first = block * static_cast<std::uint32_t>(philox_calls_per_block);
    auto c0 = hn::Set(d, chain), c1 = hn::Set(d, static_cast<std::uint32_t>(step));
    auto c2 = hn::Set(d, static_cast<std::uint32_t>(step >> 32));
    auto c3 = hn::Iota(d, first + static_cast<std::uint32_t>(i));
    philox(key, c0, c1, c2, c3);
    const auto minus_two = hn::Set(f, -2.0f);
    const auto r0 = hn::Sqrt(hn::Mul(minus_two, strict_log(open_unit(c0))));
    const auto r1 = hn::Sqrt(hn::Mul(minus_two, strict_log(open_unit(c1))));
    const auto a0 = strict_cos_sin(open_unit(c2)), a1 = strict_cos_sin(open_unit(c3));
    hn::StoreU(hn::Mul(r0, a0.first), f, out + i);
    hn::StoreU(hn::Mul(r0, a0.second), f, out + i + philox_calls_per_block);
    hn::StoreU(hn::Mul(r1, a1.first), f, out + i + 2 * philox_calls_per_block);
    hn::StoreU(hn::Mul(r1, a1.second), f, out + i + 3 * philox_calls_per_block);
  }
}

/// Calls move(start, count, normals) for the blocks of a chain's parameters, in order, with the
/// normals of transition `noise`; without noise once, for all, with null.
template <class Move>
HWY_INLINE void in_noise_blocks(const NoiseCounter& noise, bool noisy, std::int64_t params,
                                Move&& move) {
  if (!noisy) return move(std::int64_t{0}, params, static_cast<const float*>(nullptr));
  constexpr auto size = static_cast<std::int64_t>(normals_per_block);
  HWY_ALIGN float normals[normals_per_block];
  for (std::int64_t start = 0; start < params; start += size) {
    normal_block(noise.key, noise.chain, noise.step, static_cast<std::uint32_t>(start / size),
                 normals);
    move(start, std::min(size, params - start), static_cast<const float*>(normals));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
