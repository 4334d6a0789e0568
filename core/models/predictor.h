// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "core/data/dataset.h"
#include "core/models/network.h"

namespace ergo {

/// Outputs of any network at many inputs, float32 on the CPU, some rows at a time: by hand-written
/// passes where the network has them. One thread at a time.
class Predictor {
 public:
  using Use = std::function<void(const OutputView<float>&)>;
  explicit Predictor(std::shared_ptr<const Network> network);
  /// Calls `use` for chunks of rows of x, in their order. @param theta one position.
  void predict(const Inputs& x, const float* theta, const Use& use);

 private:
  void plain(const Inputs& x, std::int64_t count, const float* theta, const Use& use);

  std::shared_ptr<const Network> network_;
  std::unique_ptr<Passes<float>> passes_;  ///< null: Network::forward
  std::vector<std::int64_t> rows_;
  std::vector<float> chunk_;
};

}  // namespace ergo
