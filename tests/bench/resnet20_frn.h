// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <memory>

#include "core/models/network.h"
#include "core/posteriors/potential.h"

/// A stand-in until the product has the network: ResNet20 with filter response normalisation, as
/// the L2E paper evaluates it, for one chain.
namespace ergo::bench {

/// Depth (3, 3, 3), channels 16-32-64; 3x3 convolutions with bias; FRN
///   y = gamma x / sqrt(mean_{h,w} x^2 + 1e-6) + bias, max(y, tau);  then SiLU;
/// option-A shortcuts (every second pixel, zero channels on either side); global average pool;
/// linear layer to 10 logits. 271,098 parameters.
class Resnet20Frn final : public Network {
 public:
  static constexpr std::int64_t expected_parameters = 271098;
  Resnet20Frn();
  /// @param position [1, params]  @param x [1, batch, 3 * 32 * 32]  @return [1, batch, 10]
  torch::Tensor forward(const torch::Tensor& position, const torch::Tensor& x) const override;
  std::int64_t outputs() const override { return 10; }
  std::string shape_key() const override { return "resnet20_frn"; }

 private:
  void add_unit(const std::string& name, std::int64_t in, std::int64_t out);
};

/// U for one batch of random images and labels of CIFAR-10's shape, by autograd: likelihood scaled
/// to `data_count` points, prior N(0, 1/5).
std::unique_ptr<Potential> make_resnet_potential(torch::Device device, std::int64_t batch,
                                                 std::int64_t data_count);

/// He-normal weights, gamma 1, biases and tau 0. [1, params]
torch::Tensor resnet_position(torch::Device device);

}  // namespace ergo::bench
