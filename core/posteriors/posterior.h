// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/config/field.h"
#include "core/data/dataset.h"
#include "core/models/mlp.h"
#include "core/posteriors/potential.h"

namespace ergo {

/// The posterior section of a preset.
struct PosteriorConfig {
  double noise_sd = 0.1;
  double weight_prior = 1.0;
  double bias_prior = 1.0;
  template <class V>
  void visit(V&& v) {
    v("noise_sd", noise_sd,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "Standard deviation of the Gaussian likelihood, in units of the targets; "
                       "classification ignores it."});
    v("weight_prior", weight_prior,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "w0: weights have prior N(0, (w0 / sqrt(fan_in))^2)."});
    v("bias_prior", bias_prior,
      FieldInfo{.min = 0, .open_min = true, .doc = "b0: biases have prior N(0, b0^2)."});
  }
};

/// Network, prior and likelihood over one data set: everything that U(theta) needs but a batch.
/// Immutable; shared by all threads.
struct Posterior {
  std::shared_ptr<const Dataset> data;
  std::shared_ptr<const Mlp> network;
  double noise_sd = 1.0;         ///< in standardised target units
  std::vector<double> prior_sd;  ///< per block of the layout

  /// -log p(theta) without its gradient is this constant plus sum theta^2 / (2 sd^2).
  double prior_constant() const;
  std::int64_t data_count() const { return data->train.size(); }
};

Posterior make_posterior(std::shared_ptr<const Dataset> data, const ModelConfig& model,
                         const PosteriorConfig& config);

/// Weights N(0, 1/fan_in), biases 0; the bits of chain c depend on (key, c) alone.
/// @return [1, params] of `dtype`.
torch::Tensor initial_position(const Posterior& posterior, RngKey key, std::int64_t chain,
                               torch::Dtype dtype);

/// U by automatic differentiation: any dtype and device. The reference of the two that follow.
std::unique_ptr<Potential> make_autograd_potential(const Posterior& posterior,
                                                   const torch::TensorOptions& options);

/// U of all chains at once in batched matrix products: any dtype and device, made for CUDA. Data
/// stay on the device; the same queue of work every time, whatever rows are bound.
std::unique_ptr<Potential> make_batched_mlp_potential(const Posterior& posterior,
                                                      const torch::TensorOptions& options);

/// The same where row c has the posterior rows[c], all of its data bound: networks of one shape,
/// data sets of any size. One task; bind() is refused; data_count() is the first row's.
std::unique_ptr<Potential> make_population_potential(std::vector<Posterior> rows,
                                                     const torch::TensorOptions& options);

/// U by the hand-written passes of kernels/mlp_passes.h; CPU, float32 or float64.
std::unique_ptr<Potential> make_mlp_potential(const Posterior& posterior, torch::Dtype dtype);

}  // namespace ergo
