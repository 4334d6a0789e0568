// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "core/kernels/layer_place.h"

namespace ergo {

/// A stack of 3x3 convolutions over images, 2x2 max pooling and linear layers, and where its blocks
/// lie. Convolution l has weights [filters, channels or filters, 3, 3], the shortcut [filters,
/// channels, 1, 1], linear layer l [widths l+1, widths l].
struct ConvShape {
  std::int64_t channels = 1, height = 2, width = 2;  ///< of an image
  std::int64_t filters = 1;
  std::vector<LayerPlace> convolutions;
  std::optional<LayerPlace> shortcut;  ///< 1x1, from the image to before the last ReLU
  std::vector<std::int64_t> widths;    ///< pooled features, ..., outputs
  std::vector<LayerPlace> linears;

  std::int64_t channels_into(std::size_t layer) const { return layer == 0 ? channels : filters; }
  std::int64_t features() const { return filters * (height / 2) * (width / 2); }
};

}  // namespace ergo
