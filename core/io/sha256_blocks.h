// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

/// Inside core/io: the compression function of SHA-256 (FIPS 180-4 section 6.2.2) over blocks of 64
/// bytes, in two ways with one result.
namespace ergo::io {

using Sha256State = std::array<std::uint32_t, 8>;

void sha256_blocks_plain(Sha256State& state, const std::uint8_t* bytes, std::size_t blocks);

/// By the processor's own instructions, about ten times as fast. @return false where it has none;
/// then nothing was done.
bool sha256_blocks_fast(Sha256State& state, const std::uint8_t* bytes, std::size_t blocks);

/// FIPS 180-4 section 4.2.2: fractional parts of the cube roots of the first 64 primes.
extern const std::array<std::uint32_t, 64> sha256_round_constants;

}  // namespace ergo::io
