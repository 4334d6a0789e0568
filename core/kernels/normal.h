// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>

/// Counter-based standard normals. Free of torch and Qt. Bit-identical on every instruction set.
namespace ergo {

/// Normals are made in blocks of 64 Philox calls of four words each. With the words (w0..w3) of
/// call i at counter (chain, step low, step high, 64 block + i), u(w) = (floor(w / 256) + 1) 2^-24,
/// r = sqrt(-2 log u), a = 2 pi (u - 1/2) (Box & Muller 1958):
///   out[i] = r(w0) cos a(w2),       out[64 + i]  = r(w0) sin a(w2),
///   out[128 + i] = r(w1) cos a(w3), out[192 + i] = r(w1) sin a(w3).
inline constexpr std::size_t philox_calls_per_block = 64;
inline constexpr std::size_t normals_per_block = 4 * philox_calls_per_block;

/// out[i], i < n: the normals of `chain` at `step` under `key`; whole blocks from index 0 on, the
/// rest of the last one dropped, so that n does not matter. Thread-safe.
void fill_normals(std::uint64_t key, std::uint32_t chain, std::uint64_t step, std::int64_t n,
                  float* out);

}  // namespace ergo
