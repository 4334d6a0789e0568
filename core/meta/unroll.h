// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/control.h"
#include "core/meta/task.h"
#include "core/samplers/learned_sampler.h"

namespace ergo {

/// How a task is sampled: T transitions, K draws evenly from the part after burn-in (or where the
/// sampler's schedule allows it).
struct UnrollPlan {
  std::int64_t steps = 1000, burn_in = 500, draws = 10;
};

/// One unroll of a population: phi on a task, under a key of its own.
struct Arm {
  std::shared_ptr<const MetaTask> task;
  std::shared_ptr<const LearnedSampler> sampler;
  std::vector<float> phi;
  UnrollPlan plan;
  RngKey key;
};

/// Runs one chain on the task's training data, or minibatches of it, and returns the BMA meta-loss
///   L = -mean_i log (1/K) sum_k p(y_i | x_i, theta_k)   (algorithms 1.3)
/// on the task's test points, nats. The chain, its noise and batches depend on `key` alone.
/// @return infinity when the chain diverged; NaN when `control` stopped it.
double unroll(const Sampler& sampler, const MetaTask& task, const UnrollPlan& plan, RngKey key,
              const RunControl& control);

/// The same with the arm's sampler under its phi.
double unroll(const Arm& arm, const RunControl& control);

/// The arm's sampler under its phi.
std::unique_ptr<Sampler> sampler_of(const Arm& arm);

}  // namespace ergo
