// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/meta/meta_sections.h"
#include "core/meta/meta_state.h"
#include "core/meta/unroll_place.h"

namespace ergo {

/// What is trained, and where its unrolls run. Fixed during a training.
struct Training {
  MetaSections sections;
  std::shared_ptr<const LearnedSampler> sampler;
  std::shared_ptr<const TaskFamily> family;
  std::uint64_t seed = 0;
  const UnrollPlace& place;

  /// phi with the preset's dynamics for `steps` transitions of a task.
  Arm arm(std::vector<float> phi, std::shared_ptr<const MetaTask> task, std::int64_t steps,
          RngKey key) const;
  /// Task `index` of an outer iteration: its data and network, a length between steps_min and
  /// steps_max, and the key of its initial position and noise. Depends on (seed, iteration, index)
  /// alone.
  Arm training_arm(std::int64_t iteration, std::size_t index, std::vector<float> phi) const;
};

inline constexpr double failed_loss = 20.0;  ///< nats that a diverged chain counts in a shown mean

/// What an iteration did, for the log.
struct TrainerStep {
  double loss = 0.0;           ///< mean meta-loss of its unrolls, failed ones counted as 20 nats
  double gradient_norm = 0.0;  ///< before clipping
};

/// Turns unrolls into steps of phi. An iteration is: answers() to its questions, anywhere, then
/// update() with all of them in every process. Immutable: what changes is in MetaState.
class Trainer {
 public:
  virtual ~Trainer() = default;
  /// What the trainer keeps in the state and its checkpoints, before the first iteration.
  virtual TrainerState start() const = 0;
  virtual std::size_t questions() const = 0;
  /// Numbers for each of `part`, in its order; they depend on (state, index) alone.
  virtual std::vector<std::vector<double>> answers(const MetaState& state,
                                                   const std::vector<std::size_t>& part) const = 0;
  /// Moves phi, mean_phi and the trainer's part of `state` by the answers, given by index.
  virtual TrainerStep update(MetaState& state,
                             const std::vector<std::vector<double>>& answers) const = 0;
  /// Fields to lower where every chain diverges, for a sentence.
  virtual std::string remedy() const { return "dynamics.step_multiplier"; }
};

/// The trainer that sections.loop.trainer names; `training` outlives it.
/// @throws Error{config} for fields that do not fit each other.
std::unique_ptr<Trainer> make_trainer(const Training& training);

/// The rows of make_trainer().
std::unique_ptr<Trainer> make_es_trainer(const Training& training);
std::unique_ptr<Trainer> make_truncated_backprop_trainer(const Training& training);
std::unique_ptr<Trainer> make_stein_kl_trainer(const Training& training);

/// Mean of losses, a diverged one (infinite) counted as failed_loss.
double shown_mean(const std::vector<double>& losses);

}  // namespace ergo
