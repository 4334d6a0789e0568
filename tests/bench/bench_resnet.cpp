// SPDX-License-Identifier: GPL-3.0-or-later
// Do learned samplers cost more than SGHMC where a minibatch reuses every weight hundreds of times?
#include <torch/cuda.h>

#include "core/base/noise.h"
#include "core/base/torch.h"
#include "core/posteriors/potentials.h"
#include "core/samplers/l2e.h"
#include "core/samplers/meta_sgmcmc_learned.h"
#include "core/samplers/sghmc.h"
#include "tests/bench/measure.h"
#include "tests/bench/suites.h"
#include "tests/bench/toy.h"

namespace ergo::bench {
namespace {

constexpr std::int64_t batch = 128;

/// ResNet20-FRN over one batch of random images of CIFAR-10's shape.
Posterior resnet_posterior() {
  Dataset data;
  data.task = Task::classification;
  data.name = "random images";
  data.train.x.shape = {3, 32, 32};
  data.train.x.count = batch;
  data.inputs = data.train.x.shape.size();
  data.outputs = 10;
  std::vector<float> pixels(static_cast<std::size_t>(batch * data.inputs));
  fill_normal(RngKey::from_seed(1), 0, 0, static_cast<std::int64_t>(pixels.size()), pixels.data());
  data.train.x.values.assign(pixels.begin(), pixels.end());
  for (std::int32_t i = 0; i < batch; ++i) data.train.labels.push_back(i % 10);
  return make_posterior(std::make_shared<const Dataset>(std::move(data)), {{"kind", "resnet_frn"}},
                        {});
}

struct Steps {
  explicit Steps(torch::Device device)
      : posterior(resnet_posterior()), potential(make_potential(posterior, device)) {
    potential->bind_all();
    const SamplerContext context = context_of(posterior);
    sghmc = make_sghmc(SghmcConfig{.step_size = 1e-5}, context);
    l2e = make_l2e(shipped_phi(), context);
    const auto learned = make_learned_meta_sgmcmc({});
    meta_sgmcmc = learned->make(learned->initial("random", RngKey::from_seed(3)), context);
    const torch::Tensor start =
        initial_position(posterior, RngKey::from_seed(2), 0, torch::kFloat).to(device);
    sghmc_state = sghmc->init(start.clone(), 0);
    l2e_state = l2e->init(start.clone(), 0);
    meta_sgmcmc_state = meta_sgmcmc->init(start.clone(), 0);
  }
  Posterior posterior;
  std::unique_ptr<Potential> potential;
  std::unique_ptr<Sampler> sghmc, l2e, meta_sgmcmc;
  ChainState sghmc_state, l2e_state, meta_sgmcmc_state;
  RngKey key = RngKey::from_seed(1);

  void sghmc_step() { sghmc->step(key, sghmc_state, *potential); }
  void l2e_step() { l2e->step(key, l2e_state, *potential); }
  void meta_sgmcmc_step() { meta_sgmcmc->step(key, meta_sgmcmc_state, *potential); }
};

void on_cpu(benchmark::State& state) {
  const torch::NoGradGuard no_grad;
  static Steps steps{torch::Device(torch::kCPU)};
  measure_in_turns(state,
                   {{"sghmc_s", 1, [] { steps.sghmc_step(); }},
                    {"l2e_s", 1, [] { steps.l2e_step(); }},
                    {"meta_sgmcmc_s", 1, [] { steps.meta_sgmcmc_step(); }}},
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
