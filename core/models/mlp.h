// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/kernels/mlp_passes.h"
#include "core/models/network.h"

namespace ergo {

Activation activation_from(const std::string& name);  ///< @pre one of the field's choices

/// Multilayer perceptron: h_0 = x, h_l = act(W_l h_{l-1} + b_l), last layer linear.
/// Blocks `layers.0.weight` [out, in], `layers.0.bias` [out], ...
class Mlp final : public Network {
 public:
  Mlp(std::int64_t inputs, std::vector<std::int64_t> hidden, std::int64_t outputs,
      Activation activation);
  torch::Tensor forward(const torch::Tensor& position, const torch::Tensor& x) const override;
  const std::vector<std::int64_t>& widths() const { return widths_; }  ///< inputs, hidden, outputs
  Activation activation() const { return activation_; }
  MlpShape shape() const;  ///< for the passes of kernels/mlp_passes.h

 private:
  std::vector<std::int64_t> widths_;
  Activation activation_;
};

}  // namespace ergo
