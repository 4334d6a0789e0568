// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <memory>
#include <vector>

#include "core/posteriors/posterior.h"
#include "core/samplers/meta_parameters.h"
#include "core/samplers/sampler.h"

/// What a LibTorch user would write: eager operations, autograd, one chain. The peers of the
/// targets; bench_toy.cpp checks that each computes what the product computes.
namespace ergo::bench {

/// The toy network as one leaf per weight and bias, all of them views of one flat vector.
class EagerNetwork {
 public:
  explicit EagerNetwork(const Posterior& posterior);
  void set_position(const torch::Tensor& position);  ///< [1, params], copied
  torch::Tensor position() const { return flat_.detach(); }

  /// grad U per leaf: squared error and prior both by autograd.
  const std::vector<torch::Tensor>& gradient_by_autograd();
  /// The same with the prior added afterwards, as optimisers add weight decay.
  const std::vector<torch::Tensor>& gradient_by_decay();

  const std::vector<torch::Tensor>& leaves() const { return leaves_; }
  const std::vector<double>& precision() const { return precision_; }
  torch::Tensor flat() { return flat_; }

 private:
  torch::Tensor energy() const;
  torch::Tensor flat_, x_, y_;
  std::vector<torch::Tensor> leaves_, gradients_;
  std::vector<double> precision_;
  double noise_precision_;
};

/// An L2E step: gradient, averages, two evaluations, momentum, noise and position.
class EagerL2e {
 public:
  EagerL2e(const Posterior& posterior, const MetaParameters& phi);
  virtual ~EagerL2e() = default;
  /// `noise` [params] or undefined: drawn by torch::randn.
  virtual void step(const torch::Tensor& noise = {}) = 0;
  virtual void set_state(const ChainState& state) = 0;
  virtual torch::Tensor momentum() const = 0;  ///< [params]
  virtual torch::Tensor averages() const = 0;  ///< [6, params]
  torch::Tensor position() const { return network_.position(); }

 protected:
  torch::Tensor mlp(const torch::Tensor& x) const;  ///< [n, 9] -> [n, 2], multipliers applied
  EagerNetwork network_;
  std::vector<torch::Tensor> weight_, bias_;  ///< weights transposed, as addmm wants them
  double eps_, friction_, noise_scale_, data_size_, count_;
};

/// All blocks as one [params, 9] matrix; per-block mean squares through one small matrix product.
std::unique_ptr<EagerL2e> make_concatenated_l2e(const Posterior&, const MetaParameters&);
/// A loop over the parameter tensors, as optimisers are usually written.
std::unique_ptr<EagerL2e> make_looping_l2e(const Posterior&, const MetaParameters&);

}  // namespace ergo::bench
