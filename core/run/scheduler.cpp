// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/scheduler.h"

#include <dlfcn.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "core/base/error.h"
#include "core/base/torch.h"

namespace ergo {
namespace {

constexpr double slice_seconds = 0.01;
constexpr std::size_t none = static_cast<std::size_t>(-1);

/// One LibTorch and one BLAS thread for this worker: the pool works chain by chain, and results
/// must not depend on the cores. OpenBLAS has its own threads, which LibTorch's call does not
/// reach; other BLAS libraries have no such function and are left alone.
void limit_library_threads() {
  torch::set_num_threads(1);
  using Setter = void (*)(int);
  static const auto set_blas_threads =
      reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set_blas_threads) set_blas_threads(1);
}

}  // namespace

int worker_count(int asked, bool live) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  if (asked > cores) {
    throw Error(ExitCode::config,
                fmt::format("Workers are {}, but this machine has {} cores.", asked, cores));
  }
  if (asked > 0) return asked;
  return std::max(1, live ? cores - 1 : cores);
}

Scheduler::Scheduler(std::vector<ChainGroup*> groups, int samplers, RunControl& control)
    : groups_(std::move(groups)),
      samplers_(samplers),
      control_(control),
      busy_(groups_.size(), false) {}

bool Scheduler::done() const {
  return control_.stopped() || std::all_of(groups_.begin(), groups_.end(),
                                           [](const ChainGroup* g) { return g->finished(); });
}

std::size_t Scheduler::pick() {
  std::vector<double> progress(static_cast<std::size_t>(samplers_), 0.0);
  std::vector<double> count(static_cast<std::size_t>(samplers_), 0.0);
  for (const ChainGroup* group : groups_) {
    progress[static_cast<std::size_t>(group->sampler())] += group->fraction();
    count[static_cast<std::size_t>(group->sampler())] += 1.0;
  }
  std::size_t best = none;
  double least = 2.0;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const auto sampler = static_cast<std::size_t>(groups_[i]->sampler());
    const double fraction = progress[sampler] / count[sampler];
    if (!busy_[i] && fraction < least && groups_[i]->may_advance(control_)) {
      best = i;
      least = fraction;
    }
  }
  return best;
}

void Scheduler::work() {
  limit_library_threads();
  std::unique_lock lock(mutex_);
  while (!done()) {
    const std::size_t chosen = pick();
    if (chosen == none) {
      // Paused, or every group is in other hands; a control change or a finished slice wakes us.
      wake_.wait_for(lock, std::chrono::milliseconds(200));
      continue;
    }
    busy_[chosen] = true;
    lock.unlock();
    groups_[chosen]->advance(control_, slice_seconds);
    lock.lock();
    busy_[chosen] = false;
    wake_.notify_all();
  }
  wake_.notify_all();
}

void Scheduler::run(int workers) {
  control_.on_change([this] {
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
  });
  {
    std::vector<std::jthread> pool;
    for (int i = 0; i < workers; ++i) pool.emplace_back([this] { work(); });
  }
  control_.on_change({});
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
