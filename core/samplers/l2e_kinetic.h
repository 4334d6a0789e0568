// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <array>
#include <memory>

#include "core/base/layout.h"
#include "core/samplers/meta_parameters.h"

namespace ergo {

inline constexpr std::array<double, 6> l2e_decays = {0.1, 0.5, 0.9, 0.99, 0.999, 0.9999};

/// What alpha and beta may look at. All [chains, params]; averages [chains, 6, params].
struct KineticInputs {
  const torch::Tensor& gradient;  ///< g = grad U / n
  const torch::Tensor& position;
  const torch::Tensor& momentum;
  const torch::Tensor& averages;  ///< m_j <- d_j m_j + (1 - d_j) g, no bias correction
  const ParameterLayout& layout;
};

/// Gradients of the kinetic energy g(theta, r): alpha = dg/dtheta, beta = dg/dr.
class KineticGradient {
 public:
  virtual ~KineticGradient() = default;
  /// Fills beta, and alpha unless it is null; both [chains, params]. Thread-safe.
  virtual void evaluate(const KineticInputs& inputs, torch::Tensor* alpha,
                        torch::Tensor& beta) const = 0;
};

/// phi as tensors of any dtype and device, with the outputs' multipliers.
struct KineticNetwork {
  /// Views of `phi`, [size], in file order: an autograd graph goes through them.
  KineticNetwork(const torch::Tensor& phi, L2eWidths hidden, double alpha_multiplier,
                 double beta_multiplier);
  std::array<torch::Tensor, 3> weight, bias;
  double alpha_multiplier, beta_multiplier;
};

struct KineticOutputs {
  torch::Tensor alpha, beta;  ///< [chains, params]
};

/// alpha = alpha_multiplier A, beta = beta_multiplier B, (A, B) = MLP_phi(x) with ReLU and the nine
/// features x = (g, theta, r, m_1..m_6), each divided by sqrt(1e-5 + mean of its square over the
/// block). Plain torch operations, none in place: differentiable in phi and all inputs. The
/// reference of kernels/l2e_network.h.
KineticOutputs kinetic_outputs(const KineticNetwork& network, const KineticInputs& inputs);

/// The same as numbers, without a graph.
std::unique_ptr<KineticGradient> make_network_kinetic(const MetaParameters& phi);

}  // namespace ergo
