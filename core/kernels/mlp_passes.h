// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <hwy/aligned_allocator.h>

#include <cstdint>
#include <span>
#include <vector>

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

/// Aligned numbers with room behind the end for whole vectors; zero when made.
template <class T>
class Scratch {
 public:
  void resize(std::int64_t count);
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  hwy::AlignedFreeUniquePtr<T[]> data_;
  std::int64_t count_ = 0;
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

/// Numbers that may be read (and ignored) behind the last input.
inline constexpr std::int64_t row_padding = 64;

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

/// delta = scale * d/df sum_i (f_i - y_i)^2 / (2 sd^2). @return scale * that sum, nats, without
/// the normalising constant.
template <class T>
double gaussian_loss(MlpBuffers<T>& buffers, std::span<const T> y, double sd, double scale);

/// delta = scale * d/df of -sum log softmax(f)[label]. @return scale * that sum, nats.
template <class T>
double categorical_loss(std::int64_t classes, MlpBuffers<T>& buffers,
                        std::span<const std::int32_t> labels, double scale);

/// grad += precision theta. @return precision / 2 sum theta^2, nats.
template <class T>
double add_gaussian_prior(double precision, const T* theta, std::int64_t count, T* grad);

}  // namespace ergo
