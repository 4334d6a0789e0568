// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "core/meta/unroll.h"

namespace ergo {

/// How an unroll is cut and what its gradient keeps.
struct WindowPlan {
  std::int64_t window = 20;   ///< transitions between two truncations
  bool second_order = false;  ///< whether grad U is a function of phi, or a constant
  std::int64_t chains = 1;    ///< of the task; they move together, on the same minibatches
};

struct WindowedLoss {
  double loss = 0.0;             ///< mean over the windows, nats; infinity: diverged; NaN: stopped
  std::vector<double> gradient;  ///< of that mean with respect to phi; zeros unless loss is finite
};

/// What the draws of a window say.
struct WindowTerm {
  double value = 0.0;  ///< to show, nats
  torch::Tensor node;  ///< a node of the draws' graph, whose gradient in phi is wanted
};
/// @param draws [draws * chains, params], by time.
using WindowObjective = std::function<WindowTerm(const torch::Tensor& draws)>;

/// The mean over the windows of an objective's value and of its node's gradient: the scheme of
/// windowed_loss() below. @param keeps  whether transition t of a window gives draws.
WindowedLoss windowed_gradient(const Arm& arm, const torch::Tensor& phi, const WindowPlan& plan,
                               const std::function<bool(std::int64_t t)>& keeps,
                               const WindowObjective& objective, const RunControl& control);

/// The BMA meta-loss L of a task (unroll.h) and its gradient by back-propagation through truncated
/// unrolls. After the burn-in the unroll is cut into windows w = 1..W of `window` transitions, what
/// is left over is not taken. With S_w the state at the start of a window, a constant, and theta_k
/// the K draws of the window,
///   loss = (1/W) sum_w L_w,  L_w(phi) = -mean_i log (1/K) sum_k p(y_i | x_i, theta_k(phi, S_w)).
/// Kept are all derivatives of the transitions of a window with respect to phi and to the
/// positions, momenta and averages between them; dropped is how S_w depends on phi (truncation),
/// and, unless second_order, how grad U(theta_t) depends on phi through theta_t (first order, as
/// the official code of Meta-SGMCMC; algorithms 1.10). phi stays the same in all windows.
/// @param phi [size], a leaf; decides dtype and device. The burn-in moves by arm.phi, the same
/// numbers in float32.  @pre window >= K, and W >= 1.
WindowedLoss windowed_loss(const Arm& arm, const torch::Tensor& phi, const WindowPlan& plan,
                           const RunControl& control);

/// L of K draws as a function of them: one loss, differentiable. @param draws [K, params].
torch::Tensor bma_loss(const Posterior& posterior, const torch::Tensor& draws);

}  // namespace ergo
