// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/measure.h"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <thread>

namespace ergo::bench {
namespace {

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double turn(const Way& way) {
  const double begin = cpu_seconds();
  for (int i = 0; i < way.calls; ++i) way.run();
  return cpu_seconds() - begin;
}

}  // namespace

double cpu_seconds() { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }
double wall_seconds() { return seconds_of(CLOCK_MONOTONIC); }

void add_absent(const std::string& name, const std::string& reason) {
  benchmark::AddCustomContext("not_measured:" + name, reason);
}

int usable_cores() {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  cpu_set_t mine;
  CPU_ZERO(&mine);
  if (sched_getaffinity(0, sizeof mine, &mine) != 0) return cores;
  return std::clamp(CPU_COUNT(&mine), 1, cores);
}

void measure_in_turns(benchmark::State& state, const std::vector<Way>& ways, int turns) {
  std::vector<double> total(ways.size(), 0.0);
  for (const Way& way : ways) way.run();  // caches and allocators are warm for every way alike
  for (int t = 0; t < turns; ++t) {
    for (std::size_t k = 0; k < ways.size(); ++k) {
      const std::size_t i = t % 2 == 0 ? k : ways.size() - 1 - k;
      total[i] += turn(ways[i]);
    }
  }
  for (std::size_t i = 0; i < ways.size(); ++i) {
    state.counters[ways[i].counter] = total[i] / (turns * ways[i].calls);
  }
}

void add_benchmark(const std::string& name, int repetitions,
                   std::function<void(benchmark::State&)> repetition) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [repetition = std::move(repetition)](benchmark::State& state) {
                                 while (state.KeepRunning()) repetition(state);
                               })
      ->Iterations(1)
      ->Repetitions(repetitions)
      ->Unit(benchmark::kMillisecond)
      ->DisplayAggregatesOnly(true);
}

}  // namespace ergo::bench
