// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/image_layers.h"

#include "core/base/torch.h"

namespace ergo {

torch::Tensor as_planes(const torch::Tensor& x, std::int64_t chains, const InputShape& image) {
  const std::int64_t batch = x.size(1);
  return x.expand({chains, batch, x.size(2)})
      .reshape({chains, batch, image.channels, image.height, image.width})
      .transpose(0, 1)
      .reshape({batch, chains * image.channels, image.height, image.width});
}

torch::Tensor weight_of(const ConvLayer& layer, const torch::Tensor& position) {
  const std::int64_t size = layer.out * layer.in * layer.side * layer.side;
  return position.slice(1, layer.place.weight, layer.place.weight + size)
      .reshape({-1, layer.in, layer.side, layer.side});
}

torch::Tensor apply(const ConvLayer& layer, const torch::Tensor& position, const torch::Tensor& h) {
  const torch::Tensor bias =
      position.slice(1, layer.place.bias, layer.place.bias + layer.out).reshape({-1});
  return torch::conv2d(h, weight_of(layer, position), bias, layer.stride, layer.side / 2, 1,
                       position.size(0));
}

torch::Tensor weight_of(const LinearLayer& layer, const torch::Tensor& position) {
  const std::int64_t size = layer.out * layer.in;
  return position.slice(1, layer.place.weight, layer.place.weight + size)
      .view({-1, layer.out, layer.in});
}

torch::Tensor apply(const LinearLayer& layer, const torch::Tensor& position,
                    const torch::Tensor& h) {
  const torch::Tensor bias =
      position.slice(1, layer.place.bias, layer.place.bias + layer.out).unsqueeze(1);
  return torch::baddbmm(bias, h, weight_of(layer, position).transpose(1, 2));
}

torch::Tensor per_channel(const torch::Tensor& position, std::int64_t offset,
                          std::int64_t channels) {
  return position.slice(1, offset, offset + channels).reshape({1, -1, 1, 1});
}

}  // namespace ergo
