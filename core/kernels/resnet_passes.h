// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

#include "core/kernels/conv_slab.h"
#include "core/kernels/resnet_shape.h"
#include "core/kernels/scratch.h"

/// Forward and backward passes of a ResNet with filter response normalisation for one chain. Free
/// of torch and Qt; the plain counterpart is ResnetFrn::forward under autograd. Chosen at run time
/// for the processor's best instruction set. float32 and float64, any size.
namespace ergo {

/// Numbers of one slab between units of one resolution.
template <class T>
struct ResnetStage {
  SlabShape slab;
  Scratch<T> inner;                 ///< between the units of a block
  Scratch<T> delta, first, second;  ///< differences of a block's output and of its units
  Scratch<T> spread;  ///< differences of its first unit's convolution of stride 2, at the pixels of
                      ///< the stage before that they belong to; all others are zero
};

/// What one chain keeps between the passes: the images and pooled features of all examples, but the
/// layers of one slab only. Where there are several, the backward pass makes each one's layers
/// again: a third more work for a small part of the memory.
template <class T>
struct ResnetBuffers {
  std::int64_t examples = 0, stride = 0, tile = 0;
  SlabShape image_slab;
  Scratch<T> image;
  std::vector<ResnetStage<T>> stages;
  std::vector<Scratch<T>> x, scale;  ///< of each unit: its convolution, 1 / root mean square
  std::vector<Scratch<T>> h;         ///< of the stem, then of each block
  Scratch<T> turned;                 ///< weights as the backward pass reads them, at their offsets
  Scratch<T> features, f_t, f, delta, feature_delta;  ///< [width, stride]; f_t examples as rows

  std::int64_t slabs() const { return (examples + tile - 1) / tile; }
};

/// Binds `examples` rows of images [channels, height, width], for the passes of the instruction
/// set in use. They may go away afterwards.
template <class T>
void resnet_bind(const ResnetShape& shape, const T* inputs, std::int64_t examples,
                 ResnetBuffers<T>& buffers);

/// Fills buffers.f [outputs, stride].
template <class T>
void resnet_forward(const ResnetShape& shape, const T* theta, ResnetBuffers<T>& buffers);

/// dU/dtheta for dU/d outputs = buffers.delta [outputs, stride]. Columns behind the examples must
/// be zero. Writes every number of `grad` that is the network's.
template <class T>
void resnet_backward(const ResnetShape& shape, const T* theta, ResnetBuffers<T>& buffers, T* grad);

}  // namespace ergo
