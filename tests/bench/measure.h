// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <vector>

/// Measuring several ways of doing one thing against each other. Free of torch and Qt.
namespace ergo::bench {

/// CPU seconds of all threads of this process: other programs on the machine do not count, and a
/// peer that used a second thread after all would be charged for it.
double cpu_seconds();
double wall_seconds();

/// One way of doing it. `calls` calls make one turn, long enough for the clock.
struct Way {
  std::string counter;
  int calls = 1;
  std::function<void()> run;
};

/// One repetition of a benchmark: the ways take `turns` turns each, one after another and in
/// reversed order every second time, and each writes its CPU seconds a call as a counter. The
/// repetition warms every way up once.
void measure_in_turns(benchmark::State& state, const std::vector<Way>& ways, int turns);

/// Registers a benchmark whose repetition is one such call.
void add_benchmark(const std::string& name, int repetitions,
                   std::function<void(benchmark::State&)> repetition);

/// Says in the results why a benchmark that a target names is not run here.
void add_absent(const std::string& name, const std::string& reason);

/// Cores that this process may use; at least 1. Less than the machine has under taskset.
int usable_cores();

/// FLOP/s of dependent-free fused multiply-adds in registers on one core, with the best instruction
/// set of this processor, as the kernels choose it. Takes about 10 ms.
double fma_peak_flops();

}  // namespace ergo::bench
