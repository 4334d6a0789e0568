// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/kernels/conv_shape.h"
#include "core/models/image_layers.h"
#include "core/models/passes.h"

namespace ergo {

ConvLayer convolution_of(const ConvShape& shape, std::size_t layer);
ConvLayer shortcut_of(const ConvShape& shape);  ///< where it has one
LinearLayer linear_of(const ConvShape& shape, std::size_t layer);

/// Forward and backward passes of all chains, written out in grouped convolutions and batched
/// matrix products.
std::unique_ptr<BatchedPasses> make_batched_conv(ConvShape shape);

}  // namespace ergo
