// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

#include "core/config/meta_config.h"
#include "core/meta/trainer.h"
#include "core/meta/truncated_backprop.h"

namespace ergo {

/// A trainer that goes along the gradient of one loss a task through windows of its unroll.
/// Question p is task p; its answer the loss, then the gradient. The step is along the mean of the
/// gradients: a task that diverged has none and counts.
class WindowTrainer : public Trainer {
 public:
  /// `training` outlives it.
  WindowTrainer(const Training& training, OuterConfig outer);

  TrainerState start() const override;
  std::size_t questions() const override;
  std::vector<std::vector<double>> answers(const MetaState& state,
                                           const std::vector<std::size_t>& part) const override;
  TrainerStep update(MetaState& state,
                     const std::vector<std::vector<double>>& answers) const override;

 protected:
  /// Any thread. @param phi [size], on the training's device.
  virtual WindowedLoss loss(const Arm& arm, const torch::Tensor& phi,
                            const RunControl& control) const = 0;

  /// @throws Error{config} naming `section`.window unless `least` <= window <= the steps after the
  /// shortest burn-in.
  void require_window(const std::string& section, std::int64_t window, std::int64_t least,
                      const std::string& name_of_least) const;

 private:
  const Training& training_;
  OuterConfig outer_;
};

}  // namespace ergo
