// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <Random123/philox.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#undef philox4x32  // Random123's macro of C callers would take the name of the function below

/// Counter-based random numbers: every value is a pure function of a key and a counter, so it does
/// not depend on order, thread or restart. Philox4x32-10 of Salmon et al., "Parallel random
/// numbers: as easy as 1, 2, 3" (SC 2011), in the implementation of Random123.
namespace ergo {

/// Ten rounds of Philox4x32 at counter (c0, c1, c2, c3). @return four independent 32-bit words.
inline std::array<std::uint32_t, 4> philox4x32(std::uint64_t key, std::uint32_t c0,
                                               std::uint32_t c1, std::uint32_t c2,
                                               std::uint32_t c3) {
  const r123::Philox4x32::key_type words = {
      {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}};
  const r123::Philox4x32::ctr_type out = r123::Philox4x32()({{c0, c1, c2, c3}}, words);
  return {out[0], out[1], out[2], out[3]};
}

/// A 64-bit key from which any number of independent keys can be derived.
struct RngKey {
  std::uint64_t value = 0;

  /// The key numbered `data` below this one: the first two words of Philox under this key at the
  /// counter (data, "fold"). The tag keeps derived keys apart from values drawn under the key,
  /// whose counters have another third word.
  RngKey fold_in(std::uint64_t data) const {
    constexpr std::uint32_t tag = 0x666f6c64;  // "fold"
    const auto words = philox4x32(value, static_cast<std::uint32_t>(data),
                                  static_cast<std::uint32_t>(data >> 32), tag, tag);
    return {words[0] | static_cast<std::uint64_t>(words[1]) << 32};
  }

  static RngKey from_seed(std::uint64_t seed) { return RngKey{seed}.fold_in(0); }

  bool operator==(const RngKey&) const = default;
};

/// Philox under a key: its low 32 bits are the first key word, its high 32 bits the second.
inline std::array<std::uint32_t, 4> philox4x32(RngKey key, std::uint32_t c0, std::uint32_t c1,
                                               std::uint32_t c2, std::uint32_t c3) {
  return philox4x32(key.value, c0, c1, c2, c3);
}

/// The midpoint of the word's cell of width 2^-32: in the open interval (0, 1).
constexpr double uniform01(std::uint32_t word) {
  return (static_cast<double>(word) + 0.5) * 0x1p-32;
}

/// Numbers drawn one after another under one key, all in double precision.
class ScalarStream {
 public:
  explicit ScalarStream(RngKey key) : key_(key) {}

  double uniform() { return uniform01(next()); }                          ///< in (0, 1)
  double uniform(double a, double b) { return a + (b - a) * uniform(); }  ///< in (a, b)

  /// Standard normal by Box and Muller (1958), the second of each pair is kept.
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

  /// Uniform in [0, bound), without bias: draws past the last whole multiple are thrown away.
  /// @pre bound >= 1.
  std::uint64_t integer(std::uint64_t bound) {
    const std::uint64_t reject_below = (0 - bound) % bound;  // 2^64 mod bound
    std::uint64_t word = word64();
    while (word < reject_below) word = word64();
    return word % bound;
  }

 private:
  std::uint64_t word64() {
    const std::uint64_t low = next();
    return low | static_cast<std::uint64_t>(next()) << 32;
  }

  std::uint32_t next() {
    if (used_ == 4) {
      block_ = philox4x32(key_, static_cast<std::uint32_t>(counter_),
                          static_cast<std::uint32_t>(counter_ >> 32), 0, 0);
      ++counter_;
      used_ = 0;
    }
    return block_[used_++];
  }

  RngKey key_;
  std::uint64_t counter_ = 0;
  std::array<std::uint32_t, 4> block_{};
  std::size_t used_ = 4;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace ergo
