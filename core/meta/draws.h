// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <cstdint>

#include "core/base/rng.h"

/// Random numbers that task families share.
namespace ergo {

inline double log_uniform(ScalarStream& s, double low, double high) {
  return low * std::exp(s.uniform() * std::log(high / low));
}

/// Uniform in low, ..., high.
inline std::int64_t integer_between(ScalarStream& s, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(s.integer(static_cast<std::uint64_t>(high - low + 1)));
}

}  // namespace ergo
