// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/chain.h"

#include <algorithm>
#include <cmath>

#include "core/base/torch.h"

namespace ergo {
namespace {

constexpr std::size_t trace_room = 4096;  // between two looks of the monitor, per sampler
constexpr double snapshot_bytes = 64.0 * 1024 * 1024;  // per sampler

/// Points that one chain adds to the trajectory plane: about 100 per sampler, fewer when large.
std::int64_t snapshot_points(std::int64_t params, std::int64_t chains) {
  const auto by_memory =
      static_cast<std::int64_t>(snapshot_bytes / (4.0 * static_cast<double>(params)));
  const std::int64_t per_sampler = std::clamp<std::int64_t>(by_memory, 8, params > 5000 ? 40 : 100);
  return std::max<std::int64_t>(4, per_sampler / chains);
}

std::int64_t snapshot_stride(const Experiment& experiment, const SamplerPlan& plan) {
  const std::int64_t params = experiment.posterior.layout.size();
  return std::max<std::int64_t>(1, plan.collection.steps / snapshot_points(params, plan.chains));
}

/// How many transitions of each chain all become points: the chains of a run share its budget.
std::int64_t fine_steps(const Experiment& experiment, const SamplerPlan& plan) {
  std::int64_t chains = 0;
  for (const SamplerPlan& each : experiment.samplers) chains += each.chains;
  return TraceThinner::fine_for(plan.collection.steps, trace_budget / chains);
}

/// Chains that share the workers also share the room for their points.
std::size_t trace_room_of(const SamplerPlan& plan) {
  return std::max<std::size_t>(256, trace_room / static_cast<std::size_t>(plan.chains));
}

}  // namespace

Chain::Chain(const Experiment& experiment, const SamplerPlan& plan, int sampler,
             std::int64_t number)
    : plan_(plan),
      sampler_(sampler),
      number_(number),
      snapshot_stride_(snapshot_stride(experiment, plan)),
      trace_(fine_steps(experiment, plan), trace_room_of(plan)),
      draws_(static_cast<std::size_t>(plan.collection.draws)),
      snapshots_(static_cast<std::size_t>(plan.collection.steps / snapshot_stride_ + 1)),
      curve_positions_(static_cast<std::size_t>(plan.curve.most_positions())),
      costs_(plan.curve.looks.size()) {}

void Chain::add_point(std::int64_t t, double potential, bool collecting, std::int64_t evaluations) {
  evaluations_.store(evaluations, std::memory_order_relaxed);
  steps_done_.store(t, std::memory_order_relaxed);
  if (!std::isfinite(potential)) {
    diverge(t, "the potential is not finite");
    return;
  }
  trace_.add({t, potential, collecting});
}

void Chain::add_draw(std::int64_t t, torch::Tensor position) {
  if (!position.isfinite().all().item<bool>()) {
    diverge(t, "the position is not finite");
    return;
  }
  draws_.add(std::move(position));
}

void Chain::add_snapshot(const torch::Tensor& position) {
  snapshots_.add(position.to(torch::kFloat, false, true).reshape({-1}));
}

void Chain::add_values(const float* values, std::int64_t count) {
  if (values_.empty()) values_.reserve(static_cast<std::size_t>(plan_.record.draws * count));
  values_.insert(values_.end(), values, values + count);
}

void Chain::add_curve_position(std::int64_t t, torch::Tensor position) {
  curve_positions_.add({t, std::move(position)});
}

void Chain::add_cost(std::int64_t t, double seconds) {
  costs_.add({t, gradient_evaluations(), this->seconds() + seconds});
}

void Chain::add_seconds(double seconds) { seconds_.store(seconds_.load() + seconds); }

void Chain::diverge(std::int64_t step, std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    divergence_ = Divergence{number_, step, std::move(reason)};
  }
  diverged_.store(true, std::memory_order_release);
  finished_.store(true, std::memory_order_release);
}

void Chain::halt(std::int64_t step, std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    halted_ = Divergence{number_, step, std::move(reason)};
  }
  finished_.store(true, std::memory_order_release);
}

void Chain::finish(std::map<std::string, double> info) {
  {
    const std::lock_guard lock(mutex_);
    info_ = std::move(info);
  }
  finished_.store(true, std::memory_order_release);
}

void Chain::show(double fraction, double seconds) {
  steps_done_.store(
      static_cast<std::int64_t>(fraction * static_cast<double>(plan_.collection.steps)));
  seconds_.store(seconds);
}

void Chain::fill(ChainRecord record) {
  for (torch::Tensor& draw : record.draws) draws_.add(std::move(draw));
  for (torch::Tensor& snapshot : record.snapshots) snapshots_.add(std::move(snapshot));
  values_.insert(values_.end(), record.values.begin(), record.values.end());
  for (CurvePosition& place : record.curve_positions) curve_positions_.add(std::move(place));
  for (const ChainCost& cost : record.costs) costs_.add(cost);
  trace_.restore(record.trace, record.trace_open);
  steps_done_.store(record.steps);
  evaluations_.store(record.evaluations);
  seconds_.store(record.seconds);
  {
    const std::lock_guard lock(mutex_);
    divergence_ = std::move(record.divergence);
    halted_ = std::move(record.halted);
    info_ = std::move(record.info);
    diverged_.store(divergence_.has_value(), std::memory_order_release);
  }
  finished_.store(record.finished, std::memory_order_release);
}

namespace {

std::vector<float> since(const std::vector<float>& list, std::size_t first) {
  if (first >= list.size()) return {};
  return {list.begin() + static_cast<std::ptrdiff_t>(first), list.end()};
}

}  // namespace

ChainRecord Chain::record(const ChainMark& from) const {
  ChainRecord record;
  record.steps = steps_done_.load();
  record.evaluations = evaluations_.load();
  record.seconds = seconds_.load();
  record.finished = finished();
  record.divergence = divergence();
  record.halted = halted();
  record.info = info();
  record.costs = costs_.since(from.costs);
  record.snapshots = snapshots_.since(from.snapshots);
  record.trace = trace_.kept();
  record.trace_open = trace_.open();
  if (record.divergence) return record;
  record.draws = draws(from.draws);
  record.values = since(values_, from.values);
  record.curve_positions = curve_positions_.since(from.curve_positions);
  return record;
}

ChainMark ChainRecord::mark_from(const ChainMark& begin) const {
  return {begin.draws + draws.size(), begin.values + values.size(),
          begin.curve_positions + curve_positions.size(), begin.costs + costs.size(),
          begin.snapshots + snapshots.size()};
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

std::optional<Divergence> Chain::halted() const {
  const std::lock_guard lock(mutex_);
  return halted_;
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
