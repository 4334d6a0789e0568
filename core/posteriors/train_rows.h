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
  torch::Tensor target;  ///< targets of the options' dtype [rows, targets], or labels int64 [rows]
};

/// The given rows, on the options' device.
TrainRows gather_rows(const Dataset& data, std::span<const std::int64_t> rows,
                      const torch::TensorOptions& options);

std::vector<std::int64_t> all_rows(const Dataset& data);

/// The same rows as `chains` batches: [chains, batch, ...].
torch::Tensor by_chain(const torch::Tensor& target, std::int64_t chains, std::int64_t batch);

/// 1 / sd^2 and the mean of the prior for every parameter, [params].
torch::Tensor prior_precision(const Posterior& posterior, const torch::TensorOptions& options);
torch::Tensor prior_mean(const Posterior& posterior, const torch::TensorOptions& options);

}  // namespace ergo
