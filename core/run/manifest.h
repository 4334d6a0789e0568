// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>

#include "core/run/experiment.h"

namespace ergo {

/// Rises when a kernel changes the bits of the draws.
inline constexpr int stream_version = 2;

/// Versions, instruction set, threads and data hash: what a repetition of the run must match.
nlohmann::json make_manifest(const Experiment& experiment, int workers, int processes);

}  // namespace ergo
