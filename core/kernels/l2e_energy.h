// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "core/kernels/l2e_network.h"

/// The scalar energy of L2E's second parameterisation and its gradient for many parameters at once,
/// float32. Free of torch and Qt; its plain counterpart is energy_outputs (samplers/l2e_energy.h).
namespace ergo {

/// G(x) = w2 . silu(W1 silu(W0 x + b0) + b1) + momentum_square x_r^2 / 2, weights row-major
/// [out, in].
struct EnergyWeights {
  explicit EnergyWeights(L2eWidths widths = {});
  L2eWidths hidden;
  std::vector<float> w0, b0, w1, b1, w2;
  float momentum_square = 0.0f;
};

/// Of a span: the nine quantities g, theta, r, m_1..m_6 and what normalises them.
struct EnergyInputs {
  std::int64_t count = 0;
  std::array<const float*, l2e_features> rows{};
  std::array<float, l2e_features> scale{};  ///< x_j = scale_j rows_j
};

/// alpha = alpha_scale dG/dx_theta (unless null), beta = beta_scale dG/dx_r. Thread-safe.
void energy_gradient(const EnergyWeights& weights, const EnergyInputs& inputs, float alpha_scale,
                     float beta_scale, float* alpha, float* beta);

}  // namespace ergo
