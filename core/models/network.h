// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/layout.h"
#include "core/kernels/layer_place.h"
#include "core/models/passes.h"

namespace ergo {

/// Where the parameters of a block start: N(mean, sd^2).
struct BlockStart {
  double mean = 0.0, sd = 0.0;
};

/// A network as a function of flat positions. Immutable; shared by all threads.
class Network {
 public:
  virtual ~Network() = default;
  const ParameterLayout& layout() const { return layout_; }
  /// Inputs that feed one unit of block b (weights), or 0 for a bias.
  std::int64_t fan_in(std::size_t b) const { return fan_in_[b]; }
  BlockStart start(std::size_t b) const { return start_[b]; }
  /// @param position [chains, params]  @param x [chains or 1, batch, inputs]
  /// @return outputs (regression) or logits (classification), [chains, batch, outputs].
  virtual torch::Tensor forward(const torch::Tensor& position, const torch::Tensor& x) const = 0;
  virtual std::int64_t outputs() const = 0;
  /// Equal for networks that are the same function of (position, x): their chains may be rows of
  /// one state.
  virtual std::string shape_key() const = 0;

  /// Hand-written passes on the CPU in float32 and float64; null where there are none.
  virtual std::unique_ptr<Passes<float>> passes_f32() const { return nullptr; }
  virtual std::unique_ptr<Passes<double>> passes_f64() const { return nullptr; }
  /// Passes for many chains at once; null where there are none.
  virtual std::unique_ptr<BatchedPasses> batched_passes() const { return nullptr; }

 protected:
  void add_block(std::string name, std::vector<std::int64_t> shape, std::int64_t fan_in,
                 BlockStart start) {
    layout_.add(std::move(name), std::move(shape));
    fan_in_.push_back(fan_in);
    start_.push_back(start);
  }
  /// Weights start at N(0, 1 / fan_in), biases at 0.
  void add_block(std::string name, std::vector<std::int64_t> shape, std::int64_t fan_in) {
    const double sd = fan_in > 0 ? 1.0 / std::sqrt(static_cast<double>(fan_in)) : 0.0;
    add_block(std::move(name), std::move(shape), fan_in, {0.0, sd});
  }
  /// Blocks `name`.weight of the shape [out, ...], every other axis feeding a unit, and `name`.bias
  /// [out].
  LayerPlace add_layer(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::int64_t fan_in = 1;
    for (std::size_t axis = 1; axis < shape.size(); ++axis) fan_in *= shape[axis];
    add_block(name + ".weight", shape, fan_in);
    add_block(name + ".bias", {shape.front()}, 0);
    const auto& blocks = layout_.blocks();
    return {blocks[blocks.size() - 2].offset, blocks.back().offset};
  }

 private:
  ParameterLayout layout_;
  std::vector<std::int64_t> fan_in_;
  std::vector<BlockStart> start_;
};

/// The passes of a type: float or double.
template <class T>
std::unique_ptr<Passes<T>> passes_of(const Network& network) {
  if constexpr (sizeof(T) == sizeof(float))
    return network.passes_f32();
  else
    return network.passes_f64();
}

}  // namespace ergo
