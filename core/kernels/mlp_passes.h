// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

#include "core/kernels/scratch.h"

/// Forward and backward passes of a multilayer perceptron for one chain. Free of torch and Qt;
/// the plain counterpart is Mlp::forward under autograd. Chosen at run time for the processor's
/// best instruction set. float32 and float64.
namespace ergo {

enum class Activation { tanh, relu, silu };

/// Where the weights lie in a flat position: layer l has [width l+1, width l] weights at
/// weight_offset[l] and width l+1 biases at bias_offset[l].
struct MlpShape {
  std::vector<std::int64_t> widths, weight_offset, bias_offset;
  Activation activation = Activation::tanh;
  std::size_t layers() const { return weight_offset.size(); }
};

/// What one chain keeps between the passes. Units are rows, examples columns, `stride` numbers
/// apart: inputs_t and h are [width, stride]; h_t is [examples, width + padding].
template <class T>
struct MlpBuffers {
  std::int64_t examples = 0, stride = 0;
  const T* inputs = nullptr;  ///< [examples, inputs], the caller's; readable for `row_padding` more
  Scratch<T> inputs_t;
  std::vector<Scratch<T>> h;        ///< outputs of each layer
  std::vector<Scratch<T>> h_t;      ///< hidden layers, transposed, for the weight gradients
  std::vector<Scratch<T>> sigmoid;  ///< SiLU only: logistic(z)
  Scratch<T> delta, back;
};

/// Binds `examples` rows of inputs; they must stay alive and unchanged.
template <class T>
void mlp_bind(const MlpShape& shape, const T* inputs, std::int64_t examples,
              MlpBuffers<T>& buffers);

/// Fills buffers.h; the last of them holds the outputs [outputs, stride].
template <class T>
void mlp_forward(const MlpShape& shape, const T* theta, MlpBuffers<T>& buffers);

/// dU/dtheta for dU/d outputs = buffers.delta [outputs, stride], which is overwritten. Columns
/// behind the examples must be zero. Writes every weight and bias of `grad`.
template <class T>
void mlp_backward(const MlpShape& shape, const T* theta, MlpBuffers<T>& buffers, T* grad);

}  // namespace ergo
