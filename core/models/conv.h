// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/config/field.h"
#include "core/models/network.h"

namespace ergo {

struct Dataset;

/// The stack of the networks below:
///   h_0 = image, h_l = relu(C_l * h_{l-1} + b_l), l = 1..depth,
/// with 3x3 kernels, zero padding and stride 1, then 2x2 max pooling with stride 2 (an odd last row
/// or column is dropped).
struct ConvStack {
  std::int64_t depth = 2;
  std::int64_t width = 8;
  template <class V>
  void visit_stack(V&& v) {
    v("depth", depth, FieldInfo{.min = 1, .max = 32, .doc = "conv: number of convolutions."});
    v("width", width, FieldInfo{.min = 1, .max = 1024, .doc = "conv: filters of a convolution."});
  }
};

/// ConvStack, flatten, linear layer, linear layer, with no activation between the two. Blocks
/// `convs.l.weight` [width, channels or width, 3, 3], `convs.l.bias` [width], `linears.0.weight`
/// [linear, features], `linears.0.bias`, `linears.1.weight` [outputs, linear], `linears.1.bias`.
/// Source: the tasks of Kim et al. 2024, arXiv:2408.09140.
struct ConvConfig : ConvStack {
  std::int64_t linear = 20;
  template <class V>
  void visit(V&& v) {
    visit_stack(v);
    v("linear", linear,
      FieldInfo{.min = 1, .max = 65536, .doc = "conv: units of the linear layer before the last."});
  }
};

/// ConvStack whose last layer is relu(C * h + b + S * image + s) with 1x1 kernels S, flatten, one
/// linear layer. Blocks as of `conv`, then `shortcut.weight` [width, channels, 1, 1],
/// `shortcut.bias`, `linears.0.weight` [outputs, features], `linears.0.bias`. Source as above.
struct ConvResidualConfig : ConvStack {
  template <class V>
  void visit(V&& v) {
    visit_stack(v);
  }
};

/// @throws Error{config} when a row of the data is no image of at least 2 x 2 pixels.
std::shared_ptr<const Network> make_conv(const ConvConfig& config, const Dataset& data,
                                         std::int64_t outputs);
std::shared_ptr<const Network> make_conv_residual(const ConvResidualConfig& config,
                                                  const Dataset& data, std::int64_t outputs);

}  // namespace ergo
