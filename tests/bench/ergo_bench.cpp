// SPDX-License-Identifier: GPL-3.0-or-later
// The benchmarks of the engine, with Google Benchmark's options. packaging/bench.sh runs them all
// and prints the target table; --benchmark_filter=REGEX runs some.
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <clocale>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "tests/bench/kernel_call.h"
#include "tests/bench/measure.h"
#include "tests/bench/suites.h"

namespace {

/// One thread for LibTorch and, separately, for OpenBLAS, which LibTorch's call does not reach.
void limit_threads() {
  at::set_num_threads(1);
  using Setter = void (*)(int);
  if (const auto set = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
    set(1);
  }
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

void add_context() {
  benchmark::AddCustomContext("cpu_model", cpu_model());
  benchmark::AddCustomContext("instruction_set", ergo::bench::kernel_instruction_set());
  benchmark::AddCustomContext("libtorch", TORCH_VERSION);
  const bool cuda = torch::cuda::is_available();
  benchmark::AddCustomContext("cuda", cuda ? "available" : "no device");
  if (!cuda) ergo::bench::add_absent("resnet20_frn_step/cuda", "no CUDA device");
  ergo::bench::add_absent("outer_iteration/cuda",
                          cuda ? "no benchmark of meta-training on a device" : "no CUDA device");
}

int run(int argc, char** argv) {
  limit_threads();
  add_context();
  ergo::bench::add_kernel_benchmarks();
  ergo::bench::add_toy_benchmarks();
  ergo::bench::add_conv_benchmarks();
  ergo::bench::add_run_benchmarks();
  ergo::bench::add_resnet_benchmarks();
  ergo::bench::add_growth_benchmarks();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "C");
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ergo_bench: %s\n", error.what());
    return 70;
  }
}
