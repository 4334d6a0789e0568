// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/noise.h"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <numbers>

namespace ergo {
namespace {

constexpr int philox_calls = 64;                 // per block of normals
constexpr int block_size = 4 * philox_calls;     // normals per block
using Half = Eigen::Array<float, block_size / 2, 1>;

/// (0, 1]: never zero, so that the logarithm stays finite.
float open_unit(std::uint32_t bits) { return (static_cast<float>(bits >> 8) + 1.0f) * 0x1p-24f; }

void normal_block(RngKey key, std::int64_t chain, std::int64_t step, std::uint32_t block,
                  float* out) {
  const auto low = static_cast<std::uint32_t>(step);
  const auto high = static_cast<std::uint32_t>(static_cast<std::uint64_t>(step) >> 32);
  Half radius, angle;
  for (int i = 0; i < philox_calls; ++i) {
    const auto bits = philox4x32(key, static_cast<std::uint32_t>(chain), low, high,
                                 block * philox_calls + static_cast<std::uint32_t>(i));
    radius[2 * i] = open_unit(bits[0]);
    radius[2 * i + 1] = open_unit(bits[1]);
    angle[2 * i] = open_unit(bits[2]);
    angle[2 * i + 1] = open_unit(bits[3]);
  }
  radius = (-2.0f * radius.log()).sqrt();
  angle = (2.0f * std::numbers::pi_v<float>)*(angle - 0.5f);
  Eigen::Map<Half>{out} = radius * angle.cos();
  Eigen::Map<Half>{out + block_size / 2} = radius * angle.sin();
}

template <class T>
void fill(RngKey key, std::int64_t chain, std::int64_t step, std::int64_t n, T* out) {
  alignas(64) std::array<float, block_size> buffer;
  for (std::int64_t start = 0; start < n; start += block_size) {
    normal_block(key, chain, step, static_cast<std::uint32_t>(start / block_size), buffer.data());
    const std::int64_t count = std::min<std::int64_t>(block_size, n - start);
    std::copy_n(buffer.begin(), count, out + start);
  }
}

}  // namespace

void fill_normal(RngKey key, std::int64_t chain, std::int64_t step, std::int64_t n, float* out) {
  fill(key, chain, step, n, out);
}

void fill_normal(RngKey key, std::int64_t chain, std::int64_t step, std::int64_t n, double* out) {
  fill(key, chain, step, n, out);
}

}  // namespace ergo
