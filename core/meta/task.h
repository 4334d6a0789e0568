// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/rng.h"
#include "core/data/minibatch.h"
#include "core/posteriors/posterior.h"
#include "core/posteriors/potential.h"

namespace ergo {

/// One random problem of a meta-training.
struct MetaTask {
  Posterior posterior;    ///< train: what the chain sees; test: the points of the meta-loss
  double true_nll = 0.0;  ///< what a score is counted from, nats: the noise floor where it is known
  std::int64_t batch = 0;  ///< rows of a gradient; 0: all
};

/// What a chain sees of its task's training data, transition by transition; several chains that
/// move together see the same.
class TaskBatches {
 public:
  /// @param key  of the minibatches' order.
  TaskBatches(const MetaTask& task, RngKey key, std::int64_t chains = 1);
  /// Binds the rows of transition t = 1, 2, ...
  void bind(Potential& potential, std::int64_t t);

 private:
  std::int64_t batch_, chains_;
  std::optional<MinibatchStream> stream_;  ///< none: all data
};

/// Where the tasks of a training come from. Immutable; any thread.
class TaskFamily {
 public:
  virtual ~TaskFamily() = default;
  /// The same key gives the same task on any thread.
  virtual MetaTask task(RngKey key) const = 0;
  /// Its name in a file of parameters.
  virtual std::string name() const = 0;
  /// SHA-256 of each set that it takes images from, by the set's name.
  virtual std::map<std::string, std::string> data_sha256() const { return {}; }
};

}  // namespace ergo
