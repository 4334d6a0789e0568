// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>

namespace ergo {

/// What a network gives for some examples: unit u of example i is data[u * stride + i]. Aligned for
/// vectors, readable up to the stride. Overwritten by the next pass.
template <class T>
struct OutputView {
  const T* data = nullptr;
  std::int64_t units = 0, examples = 0, stride = 0;
  T operator()(std::int64_t unit, std::int64_t example) const {
    return data[unit * stride + example];
  }
};

/// Hand-written passes of a network for one chain on the CPU (kernels/). The plain counterpart is
/// Network::forward under autograd. An object belongs to one thread at a time.
template <class T>
class Passes {
 public:
  virtual ~Passes() = default;
  /// Binds rows of inputs [examples, inputs]; they stay alive and unchanged, and `row_padding`
  /// numbers behind the last one are readable.
  virtual void bind(const T* inputs, std::int64_t examples) = 0;
  /// @param theta the network's part of a position.
  virtual OutputView<T> forward(const T* theta) = 0;
  /// Where dU/d outputs goes before `backward`, laid out as the outputs; zero behind the examples.
  virtual T* delta() = 0;
  /// dU/dtheta from `delta`, which is overwritten. Writes every number of `grad`.
  virtual void backward(const T* theta, T* grad) = 0;
};

/// The same for many chains at once, as a queue of tensor operations that is the same every time,
/// so that a device can record it. Any dtype and device.
class BatchedPasses {
 public:
  virtual ~BatchedPasses() = default;
  /// @param position [chains, params of the network]
  /// @param x [chains or 1, batch, inputs]  @return [chains, batch, outputs]
  virtual torch::Tensor forward(const torch::Tensor& position, const torch::Tensor& x) = 0;
  /// @param delta dU/d outputs of the last forward  @param grad [chains, params], written whole.
  virtual void backward(const torch::Tensor& position, torch::Tensor delta, torch::Tensor grad) = 0;
};

}  // namespace ergo
