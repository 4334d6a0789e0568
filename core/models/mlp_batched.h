// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/kernels/mlp_passes.h"
#include "core/models/passes.h"

namespace ergo {

/// Blocks of layer l as views of a flat [chains, params]: weight [chains, out, in], bias
/// [chains, 1, out].
torch::Tensor mlp_weight(const MlpShape& shape, const torch::Tensor& flat, std::size_t layer);
torch::Tensor mlp_bias(const MlpShape& shape, const torch::Tensor& flat, std::size_t layer);
torch::Tensor mlp_activate(Activation activation, const torch::Tensor& z);

/// Forward and backward passes of all chains, written out in batched matrix products.
std::unique_ptr<BatchedPasses> make_batched_mlp(MlpShape shape);

}  // namespace ergo
