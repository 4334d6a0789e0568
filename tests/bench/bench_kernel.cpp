// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels alone: the L2E network against the FMA peak of the core, and normal noise.
#include <algorithm>
#include <random>
#include <vector>

#include "core/base/noise.h"
#include "tests/bench/kernel_call.h"
#include "tests/bench/measure.h"
#include "tests/bench/suites.h"

namespace ergo::bench {
namespace {

void l2e_kernel(benchmark::State& state) {
  constexpr std::int64_t params = 2560;  // the largest block of the toy network is 2,500
  const double before = fma_peak_flops();
  measure_in_turns(state, {{"seconds", 64, l2e_kernel_call(params)}}, 4);
  const double after = fma_peak_flops();
  const double flops = static_cast<double>(params) * l2e_network_flop / state.counters["seconds"];
  state.counters["kernel_gflops"] = 1e-9 * flops;
  state.counters["peak_gflops"] = 1e-9 * std::max(before, after);
}

void noise(benchmark::State& state) {
  constexpr std::int64_t count = 65536;
  std::vector<float> ours(count), theirs(count);
  std::mt19937 engine(1);
  std::normal_distribution<float> normal;
  const RngKey key = RngKey::from_seed(1);
  std::int64_t step = 0;
  measure_in_turns(state,
                   {{"ours_s", 8, [&] { fill_normal(key, 0, ++step, count, ours.data()); }},
                    {"std_s", 2,
                     [&] {
                       for (float& value : theirs) value = normal(engine);
                     }}},
                   4);
  benchmark::DoNotOptimize(ours.data());
  benchmark::DoNotOptimize(theirs.data());
  state.counters["ours_ns_per_normal"] = 1e9 * state.counters["ours_s"] / count;
  state.counters["std_ns_per_normal"] = 1e9 * state.counters["std_s"] / count;
  state.counters["std_over_ours"] = state.counters["std_s"] / state.counters["ours_s"];
}

}  // namespace

void add_kernel_benchmarks() {
  add_benchmark("l2e_kernel", 15, l2e_kernel);
  add_benchmark("noise", 15, noise);
}

}  // namespace ergo::bench
