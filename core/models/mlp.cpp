// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/mlp.h"

#include <spdlog/fmt/fmt.h>

#include "core/base/torch.h"

namespace ergo {

Activation activation_from(const std::string& name) {
  if (name == "relu") return Activation::relu;
  return name == "silu" ? Activation::silu : Activation::tanh;
}

Mlp::Mlp(std::int64_t inputs, std::vector<std::int64_t> hidden, std::int64_t outputs,
         Activation activation)
    : widths_(std::move(hidden)), activation_(activation) {
  widths_.insert(widths_.begin(), inputs);
  widths_.push_back(outputs);
  for (std::size_t l = 0; l + 1 < widths_.size(); ++l) {
    add_block(fmt::format("layers.{}.weight", l), {widths_[l + 1], widths_[l]}, widths_[l]);
    add_block(fmt::format("layers.{}.bias", l), {widths_[l + 1]}, 0);
  }
}

MlpShape Mlp::shape() const {
  MlpShape shape;
  shape.widths = widths_;
  shape.activation = activation_;
  for (std::size_t l = 0; l + 1 < widths_.size(); ++l) {
    shape.weight_offset.push_back(layout().blocks()[2 * l].offset);
    shape.bias_offset.push_back(layout().blocks()[2 * l + 1].offset);
  }
  return shape;
}

torch::Tensor Mlp::forward(const torch::Tensor& position, const torch::Tensor& x) const {
  const std::int64_t chains = position.size(0);
  torch::Tensor h = x.expand({chains, x.size(1), x.size(2)});
  const std::size_t layers = widths_.size() - 1;
  for (std::size_t l = 0; l < layers; ++l) {
    const BlockInfo& w = layout().blocks()[2 * l];
    const BlockInfo& b = layout().blocks()[2 * l + 1];
    const torch::Tensor weight =
        position.slice(1, w.offset, b.offset).reshape({chains, widths_[l + 1], widths_[l]});
    const torch::Tensor bias = position.slice(1, b.offset, b.offset + widths_[l + 1]).unsqueeze(1);
    h = torch::baddbmm(bias, h, weight.transpose(1, 2));
    if (l + 1 == layers) break;
    if (activation_ == Activation::tanh) h = torch::tanh(h);
    if (activation_ == Activation::relu) h = torch::relu(h);
    if (activation_ == Activation::silu) h = torch::silu(h);
  }
  return h;
}

}  // namespace ergo
