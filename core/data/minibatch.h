// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/rng.h"

namespace ergo {

/// Minibatches of one chain: an epoch is a reshuffle without replacement, the short last batch is
/// dropped. Rows depend on (key, chain, step) alone, never on the sampler.
class MinibatchStream {
 public:
  MinibatchStream(RngKey key, std::int64_t chain, std::int64_t count, std::int64_t batch);
  /// Rows of transition t >= 1. Valid until the next call.
  std::span<const std::int64_t> rows(std::int64_t t);

 private:
  void shuffle(std::int64_t epoch);
  RngKey key_;
  std::int64_t batch_, batches_per_epoch_, epoch_ = -1;
  std::vector<std::int64_t> order_;
};

}  // namespace ergo
