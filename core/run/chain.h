// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/data/minibatch.h"
#include "core/run/control.h"
#include "core/run/experiment.h"
#include "core/run/published_list.h"
#include "core/run/run.h"
#include "core/run/trace_buffer.h"

namespace ergo {

/// One chain of one sampler: the only loop over transitions. `advance` is called by one worker at
/// a time, `take_trace` by the monitor, the other functions by any thread. Nobody who looks makes
/// the chain wait: points go through a TraceBuffer, draws and snapshots through PublishedLists.
class Chain {
 public:
  Chain(const Experiment& experiment, const SamplerPlan& plan, int sampler, std::int64_t chain,
        std::uint64_t seed, const torch::Tensor& given_position);

  /// Takes transitions for about `seconds` of wall time or until the control says no.
  void advance(const RunControl& control, double seconds);

  bool finished() const { return finished_.load(std::memory_order_acquire); }
  /// May `advance` do anything now? Used by the scheduler while the run is paused.
  bool may_advance(const RunControl& control) const;
  double fraction() const;

  int sampler() const { return sampler_; }
  std::int64_t number() const { return chain_; }
  std::int64_t gradient_evaluations() const { return evaluations_.load(std::memory_order_relaxed); }
  double cpu_seconds() const { return cpu_seconds_.load(std::memory_order_relaxed); }

  /// Potential of every transition since the last call, thinned where the buffer was full.
  const ThinnedSeries& take_trace() { return trace_.take(); }
  std::int64_t trace_thinned() const { return trace_.thinned(); }
  std::optional<Divergence> divergence() const;
  /// Draws from number `first` on, [params] each; shared handles, never modified. A diverged chain
  /// has none.
  std::vector<torch::Tensor> draws(std::size_t first = 0) const;
  /// Positions along the way for the trajectory plane, from number `first` on.
  std::vector<torch::Tensor> snapshots(std::size_t first) const { return snapshots_.since(first); }
  std::map<std::string, double> info() const;    ///< after the chain has finished

 private:
  void prepare();
  bool transition(const RunControl& control);
  void record(std::int64_t t, double potential, bool collecting);
  void diverge(std::int64_t step, std::string reason);
  void finish();

  const Experiment& experiment_;
  const SamplerPlan& plan_;
  const int sampler_;
  const std::int64_t chain_;
  const std::uint64_t seed_;
  torch::Tensor start_;
  RngKey noise_key_;
  ChainState state_;
  std::unique_ptr<Potential> potential_;
  std::optional<MinibatchStream> batches_;
  std::int64_t granted_used_ = 0, snapshot_stride_ = 1;
  TraceBuffer trace_;
  PublishedList<torch::Tensor> draws_, snapshots_;

  std::atomic<bool> finished_{false}, diverged_{false};
  std::atomic<std::int64_t> steps_done_{0}, evaluations_{0};
  std::atomic<double> cpu_seconds_{0.0};
  mutable std::mutex mutex_;  ///< guards what follows; taken by the chain when it ends
  std::optional<Divergence> divergence_;
  std::map<std::string, double> info_;
};

}  // namespace ergo
