// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <span>
#include <vector>

#include "core/posteriors/posterior.h"

namespace ergo {

/// Training data as tensors.
struct TrainRows {
  torch::Tensor x;       ///< [rows, inputs]
  torch::Tensor target;  ///< [rows]: targets of the options' dtype, or labels as int64
};

/// The given rows, on the options' device.
TrainRows gather_rows(const Dataset& data, std::span<const std::int64_t> rows,
                      const torch::TensorOptions& options);

std::vector<std::int64_t> all_rows(const Dataset& data);

/// 1 / sd^2 of the prior for every parameter, [params].
torch::Tensor prior_precision(const Posterior& posterior, const torch::TensorOptions& options);

}  // namespace ergo
