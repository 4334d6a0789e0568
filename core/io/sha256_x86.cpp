// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/sha256_blocks.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace ergo::io {

#ifdef __x86_64__
namespace {

bool has_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned sha = 1U << 29;
  return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1") &&
         __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & sha) != 0;
}

/// Four rounds an iteration; words 4 i + 16 to 4 i + 19 of the schedule take the place of words 4 i
/// to 4 i + 3. Gulley et al., "Intel SHA Extensions" (2013).
__attribute__((target("sha,sse4.1,ssse3"))) void compress(__m128i& abef, __m128i& cdgh,
                                                          const std::uint8_t* block) {
  const auto* constants = reinterpret_cast<const __m128i*>(sha256_round_constants.data());
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i w[4], before[2] = {abef, cdgh};
  for (int i = 0; i < 4; ++i) {
    w[i] =
        _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i), big_endian);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) {
    const __m128i words = _mm_add_epi32(w[i % 4], _mm_loadu_si128(constants + i));
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0e));
    const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]),
                                      _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
    w[i % 4] = _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
  }
  abef = _mm_add_epi32(abef, before[0]);
  cdgh = _mm_add_epi32(cdgh, before[1]);
}

__attribute__((target("sha,sse4.1,ssse3"))) void compress_all(Sha256State& state,
                                                              const std::uint8_t* bytes,
                                                              std::size_t blocks) {
  auto* words = reinterpret_cast<__m128i*>(state.data());
  const __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  for (std::size_t i = 0; i < blocks; ++i) compress(abef, cdgh, bytes + 64 * i);
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace

bool sha256_blocks_fast(Sha256State& state, const std::uint8_t* bytes, std::size_t blocks) {
  static const bool known = has_instructions();
  if (known) compress_all(state, bytes, blocks);
  return known;
}

#else

bool sha256_blocks_fast(Sha256State&, const std::uint8_t*, std::size_t) { return false; }

#endif

}  // namespace ergo::io
