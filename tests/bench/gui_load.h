// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "core/base/control.h"
#include "core/events/events.h"

/// What a run of many long chains sends a window, without the run.
namespace ergo::bench {

struct Load {
  static constexpr int samplers = 4;
  std::int64_t points = 1000000;  ///< a chain
  std::int64_t chains = 16;       ///< of all samplers together
  double seconds = 20;
};

/// Every 20 ms the points of that time for every chain; every 200 ms all other pictures. Blocks for
/// `seconds`, or until `control` is stopped.
void feed(const Load& load, std::int64_t run, const EventSink& sink, RunControl& control);

}  // namespace ergo::bench
