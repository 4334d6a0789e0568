// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <vector>

#include "core/posteriors/posterior.h"

namespace ergo::bench {

/// What a LibTorch user would write for the network `conv` over all training images of a posterior:
/// a leaf per weight and bias, eager operations, autograd, the prior added as weight decay.
class EagerConv {
 public:
  /// @param depth convolutions of the posterior's network  @param position [1, params]
  EagerConv(const Posterior& posterior, std::size_t depth, const torch::Tensor& position);
  /// grad U per leaf, in the order of the layout.
  const std::vector<torch::Tensor>& gradient();

 private:
  std::size_t depth_;
  torch::Tensor images_, labels_;
  std::vector<torch::Tensor> leaves_, gradients_;
  std::vector<double> precision_;
};

}  // namespace ergo::bench
