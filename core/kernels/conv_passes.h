// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

#include "core/kernels/conv_shape.h"
#include "core/kernels/conv_slab.h"
#include "core/kernels/scratch.h"

/// Forward and backward passes of a convolutional network for one chain. Free of torch and Qt; the
/// plain counterpart is Conv::forward under autograd. Chosen at run time for the processor's best
/// instruction set. float32 and float64, any size.
namespace ergo {

/// What one chain keeps between the passes. Images and what convolutions give are slabs
/// (SlabShape), one behind the other, and so are the pooled features [features, tile]. What linear
/// layers give is [width, stride], units as rows and examples as columns.
template <class T>
struct ConvBuffers {
  /// Numbers of h that are kept between the passes; where there are more, as with a full batch of
  /// tens of thousands of images, the backward pass makes those of one slab after the other again.
  std::int64_t most_kept = std::int64_t{1} << 25;
  SlabShape slab;
  std::int64_t examples = 0, stride = 0, kept_slabs = 0;
  Scratch<T> image, features;
  std::vector<Scratch<T>> h;                        ///< of each convolution, after its ReLU
  std::vector<Scratch<T>> f;                        ///< of each linear layer
  Scratch<T> f_t;                                   ///< inputs of a linear layer, examples as rows
  Scratch<T> delta, back;                           ///< differences of linear layers
  Scratch<T> feature_delta, slab_delta, slab_back;  ///< of one slab
  Scratch<T> turned;  ///< weights of convolutions as the backward pass reads them

  std::int64_t slabs() const { return (examples + slab.tile - 1) / slab.tile; }
  /// Of layer l and slab s, while they are there.
  T* h_of(std::size_t l, std::int64_t s, const ConvShape& shape) {
    return h[l].data() + s % kept_slabs * shape.filters * slab.plane();
  }
};

/// Binds `examples` rows of images [channels, height, width], for the passes of the instruction
/// set in use. They may go away afterwards.
template <class T>
void conv_bind(const ConvShape& shape, const T* inputs, std::int64_t examples,
               ConvBuffers<T>& buffers);

/// Fills buffers.f; the last of them holds the outputs [outputs, stride].
template <class T>
void conv_forward(const ConvShape& shape, const T* theta, ConvBuffers<T>& buffers);

/// dU/dtheta for dU/d outputs = buffers.delta [outputs, stride], which is overwritten. Columns
/// behind the examples must be zero. Writes every weight and bias of `grad`.
template <class T>
void conv_backward(const ConvShape& shape, const T* theta, ConvBuffers<T>& buffers, T* grad);

}  // namespace ergo
