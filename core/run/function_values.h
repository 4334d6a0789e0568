// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/models/predictor.h"
#include "core/posteriors/posterior.h"

namespace ergo {

/// What a position means as a function, in few numbers: f on the grid of a 1-D regression, f at the
/// first 256 test points of another one, the logits there of a classification (original units,
/// without noise), the coordinates of a bare target. Thread-safe.
class FunctionValues {
 public:
  explicit FunctionValues(const Posterior& posterior);
  std::int64_t count() const { return count_; }      ///< 0 where there are no test points
  const std::string& name() const { return name_; }  ///< "f on the grid", ...
  /// @param position [chains, params], any type and device.
  /// @return [chains, count()], float32 on the CPU.
  torch::Tensor of(const torch::Tensor& position) const;

 private:
  torch::Tensor on_cpu(const torch::Tensor& position) const;
  torch::Tensor on_device(const torch::Tensor& position) const;
  std::unique_ptr<Predictor> take_predictor() const;
  void give_back(std::unique_ptr<Predictor> predictor) const;

  std::shared_ptr<const Network> network_;  ///< null for a bare target
  Inputs inputs_;
  std::vector<double> scale_, shift_;  ///< [outputs that count]
  std::int64_t count_ = 0;
  std::string name_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Predictor>> idle_;  ///< as many as were busy at a time
};

}  // namespace ergo
