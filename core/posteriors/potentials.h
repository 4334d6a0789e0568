// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "core/posteriors/posterior.h"
#include "core/posteriors/potential.h"

/// Implementations of U(theta) that agree to rounding. `make_potential` chooses.
namespace ergo {

/// The fastest that network, likelihood and device have: hand-written passes on the CPU, batched
/// products on a device, else automatic differentiation, which also `gradient` = "autograd" asks
/// for.
std::unique_ptr<Potential> make_potential(const Posterior& posterior,
                                          const torch::TensorOptions& options,
                                          const std::string& gradient = "fused");

/// U by automatic differentiation: any network, likelihood, dtype and device. The reference of the
/// two that follow.
std::unique_ptr<Potential> make_autograd_potential(const Posterior& posterior,
                                                   const torch::TensorOptions& options);

/// The same for trainings that differentiate through transitions: grad U is a node of the graph of
/// the position where `second_order`, else a constant. What an evaluation answers is not
/// overwritten by the next one.
std::unique_ptr<Potential> make_differentiable_potential(const Posterior& posterior,
                                                         const torch::TensorOptions& options,
                                                         bool second_order);

/// U by the network's Passes and the likelihood's fused loss; CPU, float32 or float64.
/// @return null where either is missing.
std::unique_ptr<Potential> make_fused_potential(const Posterior& posterior, torch::Dtype dtype);

/// U of all chains at once by the network's BatchedPasses: any dtype and device, made for CUDA.
/// Data stay on the device; the same queue of work every time, whatever rows are bound.
/// @return null where the network or the likelihood has no closed form.
std::unique_ptr<Potential> make_batched_potential(const Posterior& posterior,
                                                  const torch::TensorOptions& options);

/// The same where row c has the posterior rows[c], all of its data bound: one shape_key(), data
/// sets of any size. bind() is refused; data_count() is the first row's.
/// @return null where the network or the likelihood has no closed form.
std::unique_ptr<Potential> make_population_potential(std::vector<Posterior> rows,
                                                     const torch::TensorOptions& options);

/// U of a bare log-density by automatic differentiation. There is nothing to bind.
std::unique_ptr<Potential> make_density_potential(const Posterior& posterior,
                                                  const torch::TensorOptions& options);

}  // namespace ergo
