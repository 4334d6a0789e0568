// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include "core/data/dataset.h"
#include "core/kernels/layer_place.h"

/// Layers of networks over images, for all chains at once. Chains are groups of one convolution:
/// `h` is [batch, chains * channels, height, width], a chain's channels side by side. Blocks are
/// views of `position` [chains, params or more].
namespace ergo {

/// @param x [chains or 1, batch, inputs]
torch::Tensor as_planes(const torch::Tensor& x, std::int64_t chains, const InputShape& image);

/// Of [out, in, side, side] and [out]; zero padding of side / 2 on each side.
struct ConvLayer {
  LayerPlace place;
  std::int64_t out = 1, in = 1, side = 3, stride = 1;
};
/// [chains * out, in, side, side]
torch::Tensor weight_of(const ConvLayer& layer, const torch::Tensor& position);
torch::Tensor apply(const ConvLayer& layer, const torch::Tensor& position, const torch::Tensor& h);

/// Of [out, in] and [out]; h is [chains, batch, in].
struct LinearLayer {
  LayerPlace place;
  std::int64_t out = 1, in = 1;
};
/// [chains, out, in]
torch::Tensor weight_of(const LinearLayer& layer, const torch::Tensor& position);
torch::Tensor apply(const LinearLayer& layer, const torch::Tensor& position,
                    const torch::Tensor& h);

/// One number of each chain and channel, of a block [channels] at `offset`: [1, chains * channels,
/// 1, 1].
torch::Tensor per_channel(const torch::Tensor& position, std::int64_t offset,
                          std::int64_t channels);

}  // namespace ergo
