// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/chain.h"

#include <time.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/base/purpose.h"

namespace ergo {
namespace {

constexpr std::size_t trace_points = 4096;  // between two looks of the monitor, per sampler
constexpr double snapshot_bytes = 64.0 * 1024 * 1024;  // per sampler

double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Points that one chain adds to the trajectory plane: about 100 per sampler, fewer when large.
std::int64_t snapshot_points(std::int64_t params, std::int64_t chains) {
  const auto by_memory =
      static_cast<std::int64_t>(snapshot_bytes / (4.0 * static_cast<double>(params)));
  const std::int64_t per_sampler = std::clamp<std::int64_t>(by_memory, 8, params > 5000 ? 40 : 100);
  return std::max<std::int64_t>(4, per_sampler / chains);
}

std::int64_t snapshot_stride(const Experiment& experiment, const SamplerPlan& plan) {
  const std::int64_t params = experiment.posterior.network->layout().size();
  return std::max<std::int64_t>(1, plan.collection.steps / snapshot_points(params, plan.chains));
}

/// Chains that share the workers also share the room for their points.
std::size_t trace_capacity(const SamplerPlan& plan) {
  return std::max<std::size_t>(256, trace_points / static_cast<std::size_t>(plan.chains));
}

}  // namespace

Chain::Chain(const Experiment& experiment, const SamplerPlan& plan, int sampler, std::int64_t chain,
             std::uint64_t seed, const torch::Tensor& given_position)
    : experiment_(experiment),
      plan_(plan),
      sampler_(sampler),
      chain_(chain),
      seed_(seed),
      start_(given_position),
      noise_key_(purpose_key(seed, Purpose::noise)),
      snapshot_stride_(snapshot_stride(experiment, plan)),
      trace_(trace_capacity(plan)),
      draws_(static_cast<std::size_t>(plan.collection.draws)),
      snapshots_(static_cast<std::size_t>(plan.collection.steps / snapshot_stride_ + 1)) {}

void Chain::prepare() {
  if (!start_.defined()) {
    start_ = initial_position(experiment_.posterior,
                              purpose_key(seed_, Purpose::initial_position), chain_,
                              experiment_.dtype);
  }
  potential_ = experiment_.config.gradient == "autograd"
                   ? make_autograd_potential(experiment_.posterior, experiment_.dtype)
                   : make_mlp_potential(experiment_.posterior, experiment_.dtype);
  const std::int64_t batch = experiment_.config.batch_size;
  if (batch == 0 || plan_.sampler->needs_full_batch()) {
    potential_->bind_all();
  } else {
    batches_.emplace(purpose_key(seed_, Purpose::minibatch), chain_,
                     experiment_.posterior.data_count(), batch);
  }
  state_ = plan_.sampler->init(start_.clone(), chain_);
  snapshots_.add(start_.to(torch::kFloat).reshape({-1}).clone());
}

void Chain::advance(const RunControl& control, double seconds) {
  const torch::NoGradGuard no_grad;
  const double cpu_start = thread_cpu_seconds();
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  try {
    if (!potential_) prepare();
    while (transition(control) && std::chrono::steady_clock::now() < end) {
    }
  } catch (const std::exception& error) {
    diverge(state_.step + 1, std::string("failed: ") + error.what());
  }
  trace_.flush();
  cpu_seconds_.store(cpu_seconds_.load() + thread_cpu_seconds() - cpu_start);
}

bool Chain::transition(const RunControl& control) {
  if (finished() || !control.may_advance(granted_used_)) return false;
  const std::int64_t t = state_.step + 1;
  if (batches_) potential_->bind(batches_->rows(t), experiment_.config.batch_size);
  const TransitionInfo info = plan_.sampler->step(noise_key_, state_, *potential_);
  evaluations_.store(state_.gradient_evaluations, std::memory_order_relaxed);
  steps_done_.store(t, std::memory_order_relaxed);
  const double potential = info.potential.item<double>();
  if (!std::isfinite(potential)) {
    diverge(t, "the potential is not finite");
    return false;
  }
  record(t, potential, t > plan_.collection.burn_in && info.collect);
  if (t == plan_.collection.steps) finish();
  return !finished();
}

void Chain::record(std::int64_t t, double potential, bool collecting) {
  trace_.add(static_cast<double>(t), potential, collecting);
  if (collecting && plan_.collection.keeps(t)) {
    if (!state_.position.isfinite().all().item<bool>()) {
      diverge(t, "the position is not finite");
      return;
    }
    draws_.add(state_.position.reshape({-1}).clone());
  }
  if (t % snapshot_stride_ == 0) {
    snapshots_.add(state_.position.to(torch::kFloat, false, true).reshape({-1}));
  }
}

void Chain::diverge(std::int64_t step, std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    divergence_ = Divergence{chain_, step, std::move(reason)};
  }
  diverged_.store(true, std::memory_order_release);
  finish();
}

void Chain::finish() {
  {
    const std::lock_guard lock(mutex_);
    if (state_.position.defined()) info_ = plan_.sampler->info(state_);
  }
  finished_.store(true, std::memory_order_release);
  potential_.reset();
}

bool Chain::may_advance(const RunControl& control) const {
  std::int64_t used = granted_used_;
  return !finished() && control.may_advance(used);
}

double Chain::fraction() const {
  if (finished()) return 1.0;
  return static_cast<double>(steps_done_.load(std::memory_order_relaxed)) /
         static_cast<double>(plan_.collection.steps);
}

std::optional<Divergence> Chain::divergence() const {
  const std::lock_guard lock(mutex_);
  return divergence_;
}

std::vector<torch::Tensor> Chain::draws(std::size_t first) const {
  if (diverged_.load(std::memory_order_acquire)) return {};
  return draws_.since(first);
}

std::map<std::string, double> Chain::info() const {
  const std::lock_guard lock(mutex_);
  return info_;
}

}  // namespace ergo
