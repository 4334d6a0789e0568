// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/layout.h"
#include "core/config/field.h"

namespace ergo {

/// A network as a function of flat positions.
class Network {
 public:
  virtual ~Network() = default;
  const ParameterLayout& layout() const { return layout_; }
  /// Inputs that feed one unit of block b (weights), or 0 for a bias.
  std::int64_t fan_in(std::size_t b) const { return fan_in_[b]; }
  /// @param position [chains, params]  @param x [chains or 1, batch, inputs]
  /// @return outputs (regression) or logits (classification), [chains, batch, outputs].
  virtual torch::Tensor forward(const torch::Tensor& position, const torch::Tensor& x) const = 0;

 protected:
  void add_block(std::string name, std::vector<std::int64_t> shape, std::int64_t fan_in) {
    layout_.add(std::move(name), std::move(shape));
    fan_in_.push_back(fan_in);
  }

 private:
  ParameterLayout layout_;
  std::vector<std::int64_t> fan_in_;
};

/// The model section of a preset.
struct ModelConfig {
  std::string kind = "mlp";
  std::vector<std::int64_t> hidden = {50, 50};
  std::string activation = "tanh";
  template <class V>
  void visit(V&& v) {
    v("kind", kind, FieldInfo{.choices = {"mlp"}, .doc = "Network family."});
    v("hidden", hidden, FieldInfo{.min = 1, .max = 65536, .doc = "Widths of the hidden layers."});
    v("activation", activation,
      FieldInfo{.choices = {"tanh", "relu", "silu"}, .doc = "Activation of the hidden layers."});
  }
};

}  // namespace ergo
