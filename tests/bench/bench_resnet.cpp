// SPDX-License-Identifier: GPL-3.0-or-later
// Does L2E cost more than SGHMC where a minibatch reuses every weight hundreds of times?
#include <torch/cuda.h>

#include "core/base/torch.h"
#include "core/samplers/l2e.h"
#include "core/samplers/sghmc.h"
#include "tests/bench/measure.h"
#include "tests/bench/resnet20_frn.h"
#include "tests/bench/suites.h"
#include "tests/bench/toy.h"

namespace ergo::bench {
namespace {

constexpr std::int64_t batch = 128, data_count = 40960;

struct Steps {
  explicit Steps(torch::Device device)
      : potential(make_resnet_potential(device, batch, data_count)) {
    SamplerContext context;
    context.layout = &potential->layout();
    context.data_count = data_count;
    sghmc = make_sghmc(SghmcConfig{.step_size = 1e-5}, context);
    l2e = make_l2e(shipped_phi(), context);
    sghmc_state = sghmc->init(resnet_position(device), 0);
    l2e_state = l2e->init(resnet_position(device), 0);
  }
  std::unique_ptr<Potential> potential;
  std::unique_ptr<Sampler> sghmc, l2e;
  ChainState sghmc_state, l2e_state;
  RngKey key = RngKey::from_seed(1);

  void sghmc_step() { sghmc->step(key, sghmc_state, *potential); }
  void l2e_step() { l2e->step(key, l2e_state, *potential); }
};

void on_cpu(benchmark::State& state) {
  const torch::NoGradGuard no_grad;
  static Steps steps{torch::Device(torch::kCPU)};
  measure_in_turns(
      state, {{"sghmc_s", 1, [] { steps.sghmc_step(); }}, {"l2e_s", 1, [] { steps.l2e_step(); }}},
      2);
}

/// Device work runs beside the program: wall time from an idle device to an idle device.
double device_seconds(int calls, const std::function<void()>& step) {
  torch::cuda::synchronize();
  const double begin = wall_seconds();
  for (int i = 0; i < calls; ++i) step();
  torch::cuda::synchronize();
  return (wall_seconds() - begin) / calls;
}

void on_device(benchmark::State& state) {
  const torch::NoGradGuard no_grad;
  static Steps steps{torch::Device(torch::kCUDA)};
  constexpr int warm_up = 5, calls = 40;
  for (int i = 0; i < warm_up; ++i) steps.sghmc_step(), steps.l2e_step();
  state.counters["sghmc_s"] = device_seconds(calls, [] { steps.sghmc_step(); });
  state.counters["l2e_s"] = device_seconds(calls, [] { steps.l2e_step(); });
}

}  // namespace

void add_resnet_benchmarks() {
  add_benchmark("resnet20_frn_step/cpu", 5, on_cpu);
  if (torch::cuda::is_available()) add_benchmark("resnet20_frn_step/cuda", 9, on_device);
}

}  // namespace ergo::bench
