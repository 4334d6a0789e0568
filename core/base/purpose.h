// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "core/base/rng.h"

namespace ergo {

/// What a random number is for: folded into the run's seed, so that no two uses share a stream.
enum class Purpose : std::uint64_t {
  initial_position = 1,
  minibatch = 2,
  noise = 3,
  momentum = 4,
  acceptance = 5,
  data = 6,
  es_perturbation = 7,
  meta_task = 8,
  meta_initialisation = 9,
};

inline RngKey purpose_key(std::uint64_t seed, Purpose purpose) {
  return RngKey::from_seed(seed).fold_in(static_cast<std::uint64_t>(purpose));
}

}  // namespace ergo
