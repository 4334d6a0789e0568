// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/scheduler.h"

#include <algorithm>
#include <thread>

#include "core/base/parallel.h"

namespace ergo {
namespace {

constexpr double slice_seconds = 0.01;
constexpr std::size_t none = static_cast<std::size_t>(-1);

}  // namespace

Scheduler::Scheduler(std::vector<ChainGroup*> groups, int samplers, RunControl& control)
    : groups_(std::move(groups)),
      samplers_(samplers),
      control_(control),
      busy_(groups_.size(), false),
      awaited_(groups_.size(), false) {}

bool Scheduler::done() const {
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin_;
  return spent.count() >= seconds_ || control_.stopped() ||
         std::all_of(groups_.begin(), groups_.end(),
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
    if (!busy_[i] && !awaited_[i] && fraction < least && groups_[i]->may_advance(control_)) {
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

void Scheduler::between_slices(std::size_t i, const std::function<void()>& look) {
  std::unique_lock lock(mutex_);
  awaited_[i] = true;
  wake_.wait(lock, [&] { return !busy_[i]; });
  busy_[i] = true;
  awaited_[i] = false;
  lock.unlock();
  const auto give_back = [&] {
    lock.lock();
    busy_[i] = false;
    wake_.notify_all();
  };
  try {
    look();
  } catch (...) {
    give_back();
    throw;
  }
  give_back();
}

void Scheduler::run(int workers, double seconds) {
  begin_ = std::chrono::steady_clock::now();
  seconds_ = seconds;
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

}  // namespace ergo
