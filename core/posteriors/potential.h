// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <span>

#include "core/base/layout.h"

namespace ergo {

/// U and its gradient at some positions; overwritten by the next evaluation.
struct Evaluation {
  torch::Tensor potential;  ///< [chains], nats, full-data scale
  torch::Tensor grad;       ///< [chains, params], contiguous
};

/// U(theta) = -(n/b) sum_{batch} log p(y|x, theta) - log p(theta), nats.
/// An object belongs to one thread at a time. Something must be bound before it is evaluated.
class Potential {
 public:
  virtual ~Potential() = default;
  /// Binds `rows` [chains * batch] of the training data (row-major by chain) for what follows.
  virtual void bind(std::span<const std::int64_t> rows, std::int64_t batch) = 0;
  /// Binds all data, the same for every chain.
  virtual void bind_all() = 0;
  /// @param position [chains, params], contiguous, of the potential's dtype and device.
  virtual const Evaluation& evaluate(const torch::Tensor& position) = 0;
  virtual std::int64_t data_count() const = 0;  ///< n
  virtual const ParameterLayout& layout() const = 0;
  /// True when an evaluation queues the same work on a device every time, so that it may be
  /// recorded.
  virtual bool repeats() const { return false; }
};

}  // namespace ergo
