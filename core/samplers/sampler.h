// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/posteriors/potential.h"

namespace ergo {

struct DeviceScratch;  // samplers/device_steps.h

/// What the next transition needs, nothing else.
struct ChainState {
  torch::Tensor position;            ///< theta, [chains, params]
  torch::Tensor momentum;            ///< r, [chains, params]
  std::vector<torch::Tensor> extra;  ///< sampler-private, leading axis [chains, ...]
  std::int64_t step = 0;             ///< transitions taken
  std::int64_t first_chain = 0;      ///< chain number of row 0, for the random keys
  std::int64_t gradient_evaluations = 0;
  std::shared_ptr<DeviceScratch>
      device;  ///< what CUDA kernels keep between transitions; no numbers
};

/// For plots and diagnostics; never fed back.
struct TransitionInfo {
  torch::Tensor potential;  ///< U at the input position, [chains]; valid until the next transition
  double step_size = 0.0;
};

/// Transitions first..last.
struct TransitionSpan {
  std::int64_t first = 1, last = std::numeric_limits<std::int64_t>::max();
};

/// What a sampler may know of its run.
struct SamplerContext {
  const ParameterLayout* layout = nullptr;
  std::int64_t total_steps = 1;  ///< transitions a chain will take
  std::int64_t burn_in = 0;  ///< transitions before the first draw, unless there is a DrawSchedule
  std::int64_t data_count = 1;                   ///< n
  std::vector<std::filesystem::path> folders;    ///< where files with relative names lie, in order
  std::vector<std::string>* warnings = nullptr;  ///< takes sentences of its maker; null: not wanted
};

/// True where transition t may give a draw.
using DrawSchedule = std::function<bool(std::int64_t t)>;

/// Immutable; owns no random generator, clock, data or loop. Thread-safe.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// Momentum and running averages start at zero.
  virtual ChainState init(torch::Tensor position, std::int64_t first_chain) const;
  /// One transition t = state.step + 1, in place. `key` is the run's noise key; the batch is bound.
  virtual TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const = 0;
  /// Which transitions may give draws, where the sampler says so itself (the sampling part of a
  /// cycle, the last step of a member); empty: every one after the run's burn-in. It may outlive
  /// the sampler.
  virtual DrawSchedule draw_schedule() const { return {}; }
  /// The same as parts, in order, so that long chains can be counted without a look at every one.
  virtual std::vector<TransitionSpan> collectable() const { return {{}}; }
  /// False where a transition is another one early than late in a run, so that its draws have no
  /// one distribution.
  virtual bool stationary() const { return !draw_schedule(); }
  /// Own figures for the result table ("acceptance", "step_size", ...).
  virtual std::map<std::string, double> info(const ChainState&) const { return {}; }
  /// True when a transition from here on queues the same work on the device every time, so that it
  /// may be captured once and replayed.
  virtual bool repeats(const ChainState&) const { return false; }
  /// False when a state holds one chain only.
  virtual bool moves_many() const { return true; }
  /// True when every transition wants all data instead of a minibatch.
  virtual bool needs_full_batch() const { return false; }
};

inline ChainState Sampler::init(torch::Tensor position, std::int64_t first_chain) const {
  ChainState state;
  state.momentum = torch::zeros_like(position);
  state.position = std::move(position);
  state.first_chain = first_chain;
  return state;
}

}  // namespace ergo
