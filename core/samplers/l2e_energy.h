// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "core/kernels/l2e_energy.h"
#include "core/samplers/l2e_kinetic.h"

namespace ergo {

/// phi of L2E's second parameterisation, which learns the kinetic energy itself, a scalar:
///   K(theta, r) = sum over blocks of rms(r) sum_i G_phi(x_i),
/// x the nine features of L2E, each divided by its own rms = sqrt(1e-5 + mean square over the
/// block), and G of kernels/l2e_energy.h. With the rms, g and the averages as constants,
///   beta  = dK/dr     = beta_multiplier dG/dx_r,
///   alpha = dK/dtheta = alpha_multiplier dG/dx_theta rms(r) / rms(theta),
/// so that, where both multipliers are equal, alpha and beta are the gradient of one energy. SiLU
/// instead of ReLU, whose energy would have steps in its gradient.
/// Source: ours, from the definition of the paper's alternative (Kim et al. 2024,
/// arXiv:2408.09140, appendix D), whose own formula we do not know.
/// In a file: `layers.{0,1}.{weight,bias}`, `layers.2.weight` [1, h2], `momentum_square` [1].
struct EnergyParameters : L2eDynamics {
  EnergyWeights weights;

  std::vector<float> flat() const;               ///< in file order
  void set_flat(const std::vector<float>& phi);  ///< @pre phi.size() == size()
  std::size_t size() const;
};

/// @throws as load_meta_parameters().
EnergyParameters load_energy_parameters(const std::filesystem::path& file);

/// Atomic. @throws Error{io}.
void save_energy_parameters(const std::filesystem::path& file, const EnergyParameters& phi);

/// Plain torch operations, none in place: differentiable in phi and all inputs but the rms.
/// @param phi [size], in file order, of any dtype and device. @param like  widths and multipliers.
KineticOutputs energy_outputs(const torch::Tensor& phi, const EnergyParameters& like,
                              const KineticInputs& inputs);

/// The same as numbers, without a graph; CPU float32 by the kernel.
std::unique_ptr<KineticGradient> make_energy_kinetic(const EnergyParameters& phi);

}  // namespace ergo
