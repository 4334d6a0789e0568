// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/kernel_call.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "core/base/noise.h"
#include "core/kernels/l2e_network.h"

namespace ergo::bench {
namespace {

struct Buffers {
  L2eWeights weights;
  std::vector<float> features, alpha, beta;
};

void randomise(std::vector<float>& values, std::int64_t stream) {
  fill_normal(RngKey::from_seed(7), stream, 0, static_cast<std::int64_t>(values.size()),
              values.data());
  for (float& value : values) value *= 0.2f;
}

}  // namespace

std::function<void()> l2e_kernel_call(std::int64_t params) {
  auto buffers = std::make_shared<Buffers>();
  randomise(buffers->weights.w0, 0);
  randomise(buffers->weights.w1, 1);
  randomise(buffers->weights.w2, 2);
  const auto count = static_cast<std::size_t>(params);
  buffers->features.resize(l2e_features * count);
  fill_normal(RngKey::from_seed(7), 3, 0, l2e_features * params, buffers->features.data());
  buffers->alpha.resize(count);
  buffers->beta.resize(count);
  return [buffers, params] {
    std::array<const float*, l2e_features> rows{};
    std::array<float, l2e_features> scale{};
    for (int f = 0; f < l2e_features; ++f) {
      rows[static_cast<std::size_t>(f)] = buffers->features.data() + f * params;
      scale[static_cast<std::size_t>(f)] = 1.0f;
    }
    l2e_network(buffers->weights, rows, scale, params, buffers->alpha.data(), buffers->beta.data());
    benchmark::DoNotOptimize(buffers->alpha.data());
    benchmark::ClobberMemory();
  };
}

const char* kernel_instruction_set() { return l2e_instruction_set(); }

}  // namespace ergo::bench
