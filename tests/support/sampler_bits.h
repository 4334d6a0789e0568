// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>

#include "core/samplers/sampler.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/potentials.h"

namespace ergo::test {

/// Whether three float32 transitions of two chains have the same bits on every instruction set,
/// with and without a whole block of normals. Empty: they have.
inline std::string steps_differ(const Sampler& sampler) {
  const torch::NoGradGuard no_grad;
  for (const std::int64_t count : {1, 7, 255, 256, 257, 3001}) {
    const torch::Tensor start = random_tensor(1, {2, count}, torch::kFloat);
    torch::Tensor first;
    const std::string problem = on_every_target([&]() -> std::string {
      QuadraticPotential potential(torch::eye(1, torch::kDouble) * 2.0, count, 8);
      ChainState state = sampler.init(start.clone(), 0);
      for (int t = 0; t < 3; ++t) sampler.step(RngKey{80}, state, potential);
      if (!first.defined()) first = state.position.clone();
      return same_bits(state.position, first) ? "" : "other bits";
    });
    if (!problem.empty()) return std::to_string(count) + " parameters, " + problem;
  }
  return {};
}

}  // namespace ergo::test
