// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/control.h"
#include "core/data/minibatch.h"
#include "core/run/chain.h"
#include "core/run/device_stream.h"

namespace ergo {

/// What the next transition of a group needs, on the CPU, as plain values. Whatever a sampler keeps
/// is in it, because it keeps everything in its ChainState.
struct GroupState {
  std::int64_t step = 0, evaluations = 0;
  torch::Tensor position, momentum;  ///< undefined before the first transition and after the last
  std::vector<torch::Tensor> extra;
};

/// Moves chains of one sampler together, as rows of [chains, params]: the only loop over
/// transitions. On the CPU a group is one chain; on a CUDA device it is all chains of a sampler,
/// and a transition that queues the same work every time is captured once and replayed. `advance`
/// is called by one worker at a time, the other functions by any thread.
///
/// The numbers of a device are looked at every few transitions only, because looking waits for it;
/// a chain's divergence is then reported at its true step. A row that ended stays in the group
/// unseen.
class ChainGroup {
 public:
  /// @param chains consecutive chains of one sampler, at least one; they outlive the group.
  /// @param given_positions [chains, params] on the CPU, or undefined: drawn from the seed.
  ChainGroup(const Experiment& experiment, const SamplerPlan& plan, std::vector<Chain*> chains,
             std::uint64_t seed, torch::Tensor given_positions);

  /// Transitions between two looks at the numbers: 1 on the CPU, more on a device. Before
  /// `advance`.
  void look_every(std::size_t transitions) { look_every_ = transitions; }

  /// Takes transitions for about `seconds` of wall time or until the control says no.
  void advance(const RunControl& control, double seconds);
  /// May `advance` do anything now? Used by the scheduler while the run is paused.
  bool may_advance(const RunControl& control) const;
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  double fraction() const;
  const std::vector<Chain*>& chains() const { return chains_; }

  /// Copies, between slices.
  GroupState state();
  /// Goes on from there, once its chains have been filled and before the first `advance`.
  /// @throws std::invalid_argument when it is no state of such chains.
  void restore(GroupState state);
  int sampler() const { return chains_.front()->sampler(); }

 private:
  /// A transition whose potentials have not been looked at.
  struct Pending {
    std::int64_t t = 0, evaluations = 0;
    bool collecting = false;
    torch::Tensor potential;  ///< [chains], on the device
  };
  void prepare();
  void begin();  ///< at the initial positions
  void go_on();  ///< where the restored state says
  bool transition(const RunControl& control);
  TransitionInfo take();
  void capture_when_warm();
  bool wants_position(std::int64_t t) const;
  void record_values();
  void follow_curve(std::int64_t t);
  torch::Tensor pending_potentials() const;
  void look();
  void show_position(std::int64_t t);
  void end_all(const std::function<void(Chain&)>& how);
  void finish_with_all();  ///< when the last chain has ended
  void finish();

  const Experiment& experiment_;
  const SamplerPlan& plan_;
  std::vector<Chain*> chains_;
  const std::uint64_t seed_;
  double (*const seconds_now_)();  ///< CPU time of this thread, or wall time on a device
  torch::Tensor start_;
  std::optional<GroupState> restored_;
  std::int64_t first_step_ = 0;  ///< transitions that were taken before this object began
  RngKey noise_key_;
  DeviceStream stream_;
  ChainState state_;
  std::unique_ptr<Potential> potential_;
  std::vector<MinibatchStream> batches_;  ///< one a chain; empty with all data
  std::vector<std::int64_t> rows_;
  std::unique_ptr<StepGraph> graph_;
  TransitionInfo captured_;  ///< what the captured transition writes
  std::vector<Pending> pending_;
  std::size_t look_every_;
  std::int64_t granted_used_ = 0;
  double slice_begin_ = 0.0, recording_seconds_ = 0.0;  ///< of this slice; not the sampler's
  std::atomic<bool> finished_{false};
  std::atomic<std::int64_t> steps_done_{0};
};

}  // namespace ergo
