// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "tests/support/potentials.h"

namespace ergo::test {

/// Potential and gradient of the fused passes against autograd, two chains on batches of their own.
/// In float32 a ReLU or a pooling window whose numbers lie as close as rounding may choose
/// otherwise on either side; networks with many of them need a wider tolerance there.
inline std::string passes_differ(const Posterior& posterior, torch::Dtype dtype, std::int64_t batch,
                                 std::int64_t points, double float32_tolerance = 3e-5) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < 2 * batch; ++i) rows.push_back((7 * i + 3) % points);
  const auto fused = make_fused_potential(posterior, dtype);
  const auto plain = make_autograd_potential(posterior, dtype);
  const std::int64_t params = posterior.layout.size();
  const torch::Tensor theta = random_tensor(5, {2, params}, dtype, 0.5);
  const double tolerance = dtype == torch::kDouble ? 1e-11 : float32_tolerance;
  for (auto* potential : {fused.get(), plain.get()}) potential->bind(rows, batch);
  const torch::Tensor u = fused->evaluate(theta).potential.clone();
  const torch::Tensor grad = fused->evaluate(theta).grad.clone();
  const Evaluation& e = plain->evaluate(theta);
  if (auto p = vectors_differ(doubles(u), doubles(e.potential), tolerance, "U"); !p.empty())
    return p;
  const double scale = e.grad.abs().max().item<double>();
  return vectors_differ(doubles(grad / scale), doubles(e.grad / scale), tolerance, "grad");
}

}  // namespace ergo::test
