// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/parallel.h"

#include <dlfcn.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/base/torch.h"

namespace ergo {

int worker_count(int asked, bool live) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  if (asked > cores) {
    throw Error(ExitCode::config,
                fmt::format("Workers are {}, but this machine has {} cores.", asked, cores));
  }
  if (asked > 0) return asked;
  return std::max(1, live ? cores - 1 : cores);
}

void limit_library_threads() {
  static std::mutex one_at_a_time;  // the first call makes a pool, and may fail
  try {
    const std::lock_guard lock(one_at_a_time);
    torch::set_num_threads(1);
  } catch (const c10::Error&) {
    // Where /proc/cpuinfo cannot be read it fails after it has set the threads that are used here.
  }
  // OpenBLAS has its own threads, which LibTorch's call does not reach; other BLAS libraries have
  // no such function and are left alone.
  using Setter = void (*)(int);
  static const auto set_blas_threads =
      reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set_blas_threads) set_blas_threads(1);
}

void parallel_for(std::size_t count, int workers, const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    limit_library_threads();
    const torch::NoGradGuard no_grad;
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        task(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (int i = 0; i < workers; ++i) pool.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace ergo
