// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include "core/meta/truncated_backprop.h"

namespace ergo {

/// The Stein gradient estimator of grad log q at K draws of q (Li & Turner 2018, arXiv:1705.07107,
/// eq. 8): G = -(A + ridge I)^-1 B with A_ij = exp(-|x_i - x_j|^2 / (2 s^2)),
/// B_i = sum_k d A_ik / d x_k = sum_k A_ik (x_i - x_k) / s^2, and s^2 half the median of the
/// squared distances between different draws (1 where all are equal).
/// @param draws [K, params]. @return the same shape.
torch::Tensor stein_gradient(const torch::Tensor& draws, double ridge);

/// The objective of Meta-SGMCMC (Gong et al. 2019, arXiv:1806.04522, section 3): the gradient in
/// phi of KL(q, posterior), q the law of the draws of a window, all chains and kept times together:
///   (1/K) sum_k (grad U(theta_k) + G_k) . d theta_k / d phi,
/// the gradient in brackets counting as a number, grad U of a minibatch of its own. Shown is the
/// mean of U / n over the draws. Deviations: the paper has one such loss across the chains at
/// each time and one along each chain over the whole unroll.
WindowedLoss stein_kl(const Arm& arm, const torch::Tensor& phi, const WindowPlan& plan,
                      std::int64_t keep_every, double ridge, const RunControl& control);

}  // namespace ergo
