// SPDX-License-Identifier: GPL-3.0-or-later
// How time per step and memory per chain grow with parameters, chains and data.
#include <malloc.h>
#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "core/base/torch.h"
#include "core/samplers/l2e.h"
#include "core/samplers/sghmc.h"
#include "tests/bench/measure.h"
#include "tests/bench/suites.h"
#include "tests/bench/toy.h"

namespace ergo::bench {
namespace {

std::unique_ptr<Sampler> make(const std::string& id, const SamplerContext& context) {
  if (id == "l2e") return make_l2e(shipped_phi(), context);
  return make_sghmc(SghmcConfig{.step_size = 1e-5}, context);
}

/// Bytes that this program holds from malloc, large blocks included.
double bytes_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

/// A chain as the run engine holds it: its own potential with its own scratch, and its state.
struct Chain {
  std::unique_ptr<Potential> potential;
  ChainState state;
};

/// Steps `chains` chains in turns until `seconds` have gone by, every chain at least once.
void measure_growth(benchmark::State& bench, const std::string& id, const Posterior& posterior,
                    std::size_t chains) {
  const torch::NoGradGuard no_grad;
  const std::unique_ptr<Sampler> sampler = make(id, context_of(posterior));
  const RngKey key = RngKey::from_seed(1);
  const double before = bytes_in_use();
  std::vector<Chain> list(chains);
  for (std::size_t c = 0; c < chains; ++c) {
    list[c].potential = make_fused_potential(posterior, torch::kFloat);
    list[c].potential->bind_all();
    const auto number = static_cast<std::int64_t>(c);
    list[c].state = sampler->init(
        initial_position(posterior, RngKey::from_seed(2), number, torch::kFloat), number);
    sampler->step(key, list[c].state, *list[c].potential);
  }
  bench.counters["kib_a_chain"] = (bytes_in_use() - before) / static_cast<double>(chains) / 1024.0;
  constexpr double seconds = 0.2;
  std::int64_t steps = 0;
  const double begin = cpu_seconds();
  while (cpu_seconds() - begin < seconds) {
    for (Chain& chain : list) sampler->step(key, chain.state, *chain.potential);
    steps += static_cast<std::int64_t>(chains);
  }
  const double a_step = (cpu_seconds() - begin) / static_cast<double>(steps);
  const auto params = static_cast<double>(posterior.layout.size());
  bench.counters["us_a_step"] = 1e6 * a_step;
  bench.counters["ns_a_parameter"] = 1e9 * a_step / params;
  bench.counters["parameters"] = params;
}

/// h of an MLP 1-h-h-1 with about `params` parameters: h^2 + 4 h + 1.
std::int64_t width_for(double params) {
  return static_cast<std::int64_t>(std::lround(std::sqrt(params + 3.0) - 2.0));
}

}  // namespace

void add_growth_benchmarks() {
  for (const std::string id : {"sghmc", "l2e"}) {
    for (int exponent = 3; exponent <= 7; ++exponent) {
      const std::int64_t width = width_for(std::pow(10.0, exponent));
      add_benchmark(fmt::format("growth_parameters/{}/1e{}", id, exponent), 3,
                    [id, width](benchmark::State& state) {
                      measure_growth(state, id, toy_posterior({width, width}), 1);
                    });
    }
    for (int chains = 1; chains <= 256; chains *= 4) {
      add_benchmark(fmt::format("growth_chains/{}/{:03}", id, chains), 3,
                    [id, chains](benchmark::State& state) {
                      measure_growth(state, id, toy_posterior(), static_cast<std::size_t>(chains));
                    });
    }
    for (int points = 100; points <= 100000; points *= 10) {
      add_benchmark(fmt::format("growth_data/{}/{:06}", id, points), 3,
                    [id, points](benchmark::State& state) {
                      measure_growth(state, id, toy_posterior({50, 50}, points), 1);
                    });
    }
  }
}

}  // namespace ergo::bench
