// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/config/field.h"
#include "core/models/network.h"

namespace ergo {

/// Multilayer perceptron: h_0 = x, h_l = act(W_l h_{l-1} + b_l), last layer linear.
/// Blocks `layers.0.weight` [out, in], `layers.0.bias` [out], ...
struct MlpConfig {
  std::vector<std::int64_t> hidden = {50, 50};
  std::string activation = "tanh";
  template <class V>
  void visit(V&& v) {
    v("hidden", hidden, FieldInfo{.min = 1, .max = 65536, .doc = "Widths of the hidden layers."});
    v("activation", activation,
      FieldInfo{.choices = {"tanh", "relu", "silu"}, .doc = "Activation of the hidden layers."});
  }
};

std::shared_ptr<const Network> make_mlp(const MlpConfig& config, std::int64_t inputs,
                                        std::int64_t outputs);

}  // namespace ergo
