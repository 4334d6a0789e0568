// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

/// What one thread of the CUDA kernels computes for one parameter. Plain functions of numbers, for
/// the device and the host alike, so that a test without a device compares them with the CPU's
/// kernels. Free of torch and Qt.
#if defined(__CUDACC__)
#define ERGO_DEVICE __host__ __device__ inline
#define ERGO_UNROLL _Pragma("unroll")
#else
#define ERGO_DEVICE inline
#define ERGO_UNROLL
#endif

namespace ergo::cuda {

/// Rounded once each: the compiler may not fuse them, because the bits of the noise depend on it.
#if defined(__CUDA_ARCH__)
ERGO_DEVICE float times(float a, float b) { return __fmul_rn(a, b); }
ERGO_DEVICE float plus(float a, float b) { return __fadd_rn(a, b); }
ERGO_DEVICE float root(float a) { return __fsqrt_rn(a); }
#else
ERGO_DEVICE float times(float a, float b) { return a * b; }
ERGO_DEVICE float plus(float a, float b) { return a + b; }
ERGO_DEVICE float root(float a) { return std::sqrt(a); }
#endif

ERGO_DEVICE std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

ERGO_DEVICE float float_of(std::uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

struct Words {
  std::uint32_t w[4];
};

/// Ten rounds of Philox4x32 (Salmon et al. 2011).
ERGO_DEVICE Words philox(std::uint64_t key, Words c) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p = std::uint64_t{0xD2511F53u} * c.w[0];
    const std::uint64_t q = std::uint64_t{0xCD9E8D57u} * c.w[2];
    c = {{static_cast<std::uint32_t>(q >> 32) ^ c.w[1] ^ k0, static_cast<std::uint32_t>(q),
          static_cast<std::uint32_t>(p >> 32) ^ c.w[3] ^ k1, static_cast<std::uint32_t>(p)}};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

/// In (0, 1], as kernels/normal.h defines u(w).
ERGO_DEVICE float open_unit(std::uint32_t word) {
  return times(plus(static_cast<float>(word >> 8), 1.0f), 0x1p-24f);
}

/// log x for normal x > 0, the polynomial of Cephes (Moshier, logf) as in kernels/normal-inl.h.
ERGO_DEVICE float strict_log(float x) {
  const std::uint32_t bits = bits_of(x);
  const std::int32_t exponent = static_cast<std::int32_t>(bits - 0x3f3504f3u) >> 23;
  const float e = static_cast<float>(exponent);
  const float m = plus(float_of(bits - (static_cast<std::uint32_t>(exponent) << 23)), -1.0f);
  const float z = times(m, m);
  float p = 7.0376836292e-2f;
  p = plus(times(p, m), -1.1514610310e-1f);
  p = plus(times(p, m), 1.1676998740e-1f);
  p = plus(times(p, m), -1.2420140846e-1f);
  p = plus(times(p, m), 1.4249322787e-1f);
  p = plus(times(p, m), -1.6668057665e-1f);
  p = plus(times(p, m), 2.0000714765e-1f);
  p = plus(times(p, m), -2.4999993993e-1f);
  p = plus(times(p, m), 3.3333331174e-1f);
  float y = times(times(m, z), p);
  y = plus(y, times(e, -2.12194440e-4f));
  y = plus(y, -times(0.5f, z));
  return plus(plus(m, y), times(e, 0.693359375f));
}

/// cos, or sin, of 2 pi (u - 1/2), the polynomials of Cephes as in kernels/normal-inl.h.
ERGO_DEVICE float strict_wave(float u, bool sine) {
  const float turns = times(plus(u, -0.5f), 4.0f);
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float shifted = plus(turns, magic);
  const std::uint32_t quarter = bits_of(shifted);
  const float x = times(plus(turns, -plus(shifted, -magic)), 1.57079632679489662f);
  const float z = times(x, x);
  float s = plus(times(-1.9515295891e-4f, z), 8.3321608736e-3f);
  s = plus(times(s, z), -1.6666654611e-1f);
  s = plus(times(times(s, z), x), x);
  float c = plus(times(2.443315711809948e-5f, z), -1.388731625493765e-3f);
  c = plus(times(c, z), 4.166664568298827e-2f);
  c = plus(times(times(c, z), z), plus(1.0f, -times(0.5f, z)));
  const bool odd = (quarter & 1u) != 0;
  const std::uint32_t sign = ((sine ? quarter : quarter + 1u) & 2u) << 30;
  return float_of(bits_of(odd == sine ? c : s) ^ sign);
}

/// Normal number i of (key, chain, step): the bits of fill_normals (kernels/normal.h).
ERGO_DEVICE float normal_at(std::uint64_t key, std::uint32_t chain, std::uint64_t step,
                            std::int64_t i) {
  const auto block = static_cast<std::uint32_t>(i / 256),
             place = static_cast<std::uint32_t>(i % 256);
  const Words c = philox(key, {{chain, static_cast<std::uint32_t>(step),
                                static_cast<std::uint32_t>(step >> 32), 64 * block + place % 64}});
  const int pair = place / 128;  // (w0, w2) or (w1, w3)
  const float radius = root(times(-2.0f, strict_log(open_unit(c.w[pair]))));
  return times(radius, strict_wave(open_unit(c.w[2 + pair]), (place / 64) % 2 == 1));
}

/// Where the numbers of an L2eNetwork (kernels/l2e_network.h) lie, filled up to 32 units a layer.
namespace network {
constexpr int inputs = 9, steady = 8, width = 32;
constexpr int w0 = 0, momentum = w0 + width * steady, b0 = momentum + width, w1 = b0 + width,
              b1 = w1 + width * width, w2 = b1 + width, b2 = w2 + 2 * width, floats = b2 + 2;
}  // namespace network

/// The features of one parameter, normalised; the momentum's stands alone.
struct Features {
  float steady[network::steady];
  float momentum;
};

struct AlphaBeta {
  float alpha, beta;
};

/// (alpha, beta) of `count` parameters by the network at `phi`, [network::floats].
template <int count>
ERGO_DEVICE void l2e_outputs(const float* phi, const Features (&x)[count],
                             AlphaBeta (&out)[count]) {
  float h[count][network::width];
  ERGO_UNROLL  // the hidden units stay in registers
      for (int k = 0; k < network::width; ++k) {
    for (int p = 0; p < count; ++p) {
      float sum = phi[network::b0 + k] + phi[network::momentum + k] * x[p].momentum;
      for (int f = 0; f < network::steady; ++f) {
        sum += phi[network::w0 + k * network::steady + f] * x[p].steady[f];
      }
      h[p][k] = sum > 0.0f || sum != sum ? sum : 0.0f;  // NaN stays, so that divergence is seen
    }
  }
  for (int p = 0; p < count; ++p) out[p] = {phi[network::b2], phi[network::b2 + 1]};
  for (int o = 0; o < network::width; ++o) {
    for (int p = 0; p < count; ++p) {
      float sum = phi[network::b1 + o];
      ERGO_UNROLL
      for (int k = 0; k < network::width; ++k)
        sum += phi[network::w1 + o * network::width + k] * h[p][k];
      sum = sum > 0.0f || sum != sum ? sum : 0.0f;
      out[p].alpha += phi[network::w2 + o] * sum;
      out[p].beta += phi[network::w2 + network::width + o] * sum;
    }
  }
}

}  // namespace ergo::cuda
