// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/run/experiment.h"
#include "core/run/published_list.h"
#include "core/run/run.h"
#include "core/run/trace_buffer.h"

namespace ergo {

/// A position that a curve needs, [params] on the CPU, and what a chain has cost after a
/// transition.
struct CurvePosition {
  std::int64_t step = 0;
  torch::Tensor position;
};
struct ChainCost {
  std::int64_t step = 0, evaluations = 0;
  double seconds = 0.0;
};

/// Numbers of entries in what a chain has: where a part of it ends.
struct ChainMark {
  std::size_t draws = 0, values = 0, curve_positions = 0, costs = 0, snapshots = 0;
};

/// What of a chain goes into the result, or stays of it in a checkpoint, as plain values.
struct ChainRecord {
  std::int64_t steps = 0, evaluations = 0;
  double seconds = 0.0;
  bool finished = false;
  std::optional<Divergence> divergence, halted;
  std::map<std::string, double> info;
  std::vector<torch::Tensor> draws;  ///< [params] each, on the CPU; none of a diverged chain
  std::vector<float> values;         ///< [records, function values]; none of a diverged chain
  std::vector<CurvePosition> curve_positions;  ///< none of a diverged chain
  std::vector<ChainCost> costs;
  std::vector<torch::Tensor> snapshots;  ///< [params] each
  Trace trace;                           ///< points that are kept (`keep_trace`), thinned in all
  TraceThinner::Group trace_open;

  ChainMark mark_from(const ChainMark& begin) const;  ///< where it ends when it began there
};

/// What one chain of one sampler leaves behind. Written by the ChainGroup that moves it, one thread
/// at a time; `take_trace` belongs to the monitor, the other functions to any thread. Nobody who
/// looks makes the chain wait: points go through a TraceBuffer, draws, snapshots and what curves
/// need through PublishedLists.
class Chain {
 public:
  Chain(const Experiment& experiment, const SamplerPlan& plan, int sampler, std::int64_t number);

  // By the group that moves it. Positions are [params] on the CPU.
  /// Transition t, taken with `evaluations` in all; diverges when the potential is not finite.
  void add_point(std::int64_t t, double potential, bool collecting, std::int64_t evaluations);
  /// Whether the position after transition t is wanted as a draw, or for the trajectory plane.
  bool keeps(std::int64_t t) const { return plan_.collection.keeps(t); }
  bool shows(std::int64_t t) const { return t % snapshot_stride_ == 0; }
  void add_draw(std::int64_t t, torch::Tensor position);  ///< diverges when it is not finite
  void add_snapshot(const torch::Tensor& position);
  /// Whether the function values after transition t are wanted for R-hat and ESS. Nothing that is
  /// recorded changes what the chain does or how it ends.
  bool records(std::int64_t t) const { return plan_.record.draws > 0 && plan_.record.keeps(t); }
  void add_values(const float* values, std::int64_t count);
  /// The same for curves: is the position after transition t wanted, and does a look end there?
  bool on_curve(std::int64_t t) const { return plan_.curve.keeps(t); }
  bool ends_look(std::int64_t t) const { return plan_.curve.ends(t); }
  void add_curve_position(std::int64_t t, torch::Tensor position);
  /// @param seconds of this slice so far
  void add_cost(std::int64_t t, double seconds);
  void flush() { trace_.flush(); }  ///< between slices
  void add_seconds(double seconds);
  void diverge(std::int64_t step, std::string reason);  ///< its draws no longer count
  void halt(std::int64_t step, std::string reason);     ///< cut short by the machine; draws stay
  void finish(std::map<std::string, double> info);

  // Where another process moves it.
  /// How far it is there, 0 to 1, after so many seconds of CPU time.
  void show(double fraction, double seconds);
  /// Takes over how it ended there, or how far it has come in another process; the lists of the
  /// record go on where those of the chain end.
  void fill(ChainRecord record);

  /// Checkpoints, between slices: the points of the trace stay until they are forgotten.
  void keep_trace() { trace_.keep(); }
  void forget_trace(std::size_t points) { trace_.forget(points); }

  // By anybody.
  ChainRecord record(
      const ChainMark& from = {}) const;  ///< the lists from there on; between slices
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  double fraction() const;
  int sampler() const { return sampler_; }
  std::int64_t number() const { return number_; }
  std::int64_t gradient_evaluations() const { return evaluations_.load(std::memory_order_relaxed); }
  double seconds() const { return seconds_.load(std::memory_order_relaxed); }

  /// The points that became known since the last call.
  const Trace& take_trace() { return trace_.take(); }
  void close_trace() { trace_.close(); }  ///< after its end, before the last take_trace()
  std::optional<Divergence> divergence() const;
  std::optional<Divergence> halted() const;
  /// Draws from number `first` on, [params] each; shared handles, never modified. A diverged chain
  /// has none.
  std::vector<torch::Tensor> draws(std::size_t first = 0) const;
  /// Positions along the way for the trajectory plane, from number `first` on.
  std::vector<torch::Tensor> snapshots(std::size_t first) const { return snapshots_.since(first); }
  std::map<std::string, double> info() const;  ///< after the chain has finished
  /// The record, [records, function values]; between slices.
  const std::vector<float>& values() const { return values_; }
  const PublishedList<CurvePosition>& curve_positions() const { return curve_positions_; }
  const PublishedList<ChainCost>& costs() const { return costs_; }

 private:
  const SamplerPlan& plan_;
  const int sampler_;
  const std::int64_t number_, snapshot_stride_;
  TraceBuffer trace_;
  PublishedList<torch::Tensor> draws_, snapshots_;
  std::vector<float> values_;
  PublishedList<CurvePosition> curve_positions_;
  PublishedList<ChainCost> costs_;

  std::atomic<bool> finished_{false}, diverged_{false};
  std::atomic<std::int64_t> steps_done_{0}, evaluations_{0};
  std::atomic<double> seconds_{0.0};
  mutable std::mutex mutex_;  ///< guards what follows; taken by the chain when it ends
  std::optional<Divergence> divergence_, halted_;
  std::map<std::string, double> info_;
};

}  // namespace ergo
