// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

#include "core/kernels/layer_place.h"

namespace ergo {

/// A 3x3 convolution and the filter response normalisation behind it: where their blocks begin in a
/// flat position, weights [out, in, 3, 3], the others [out].
struct FrnUnit {
  LayerPlace conv;
  std::int64_t in = 1, out = 1, stride = 1;
  std::int64_t gamma = 0, beta = 0, tau = 0;
};

/// h' = silu(second(silu(first(h))) + shortcut(h)).
struct ResidualBlock {
  FrnUnit first, second;
  /// Zero channels before those of the shortcut; the others come behind it.
  std::int64_t padding() const { return (first.out - first.in) / 2; }
};

/// Stem, blocks, mean over pixels, linear layer with weights [outputs, features].
struct ResnetShape {
  std::int64_t channels = 1, height = 1, width = 1;  ///< of an image
  FrnUnit stem;
  std::vector<ResidualBlock> blocks;
  LayerPlace linear;
  std::int64_t outputs = 1;

  std::int64_t features() const { return blocks.back().second.out; }
};

/// Added to the mean square of a channel.
inline constexpr double frn_epsilon = 1e-6;

}  // namespace ergo
