// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ergo::io {

/// SHA-256 (FIPS 180-4) of bytes that come in pieces.
class Sha256 {
 public:
  void update(const void* bytes, std::size_t size);
  /// The digest of everything so far, 64 lower-case hexadecimal digits; updates may follow.
  std::string hex() const;

 private:
  void compress(const std::uint8_t* bytes, std::size_t blocks);
  void finish();

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> block_{};
  std::uint64_t length_ = 0;  ///< bytes so far
};

std::string sha256_hex(std::string_view bytes);

}  // namespace ergo::io
