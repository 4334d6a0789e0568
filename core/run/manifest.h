// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>

#include "core/run/experiment.h"

namespace ergo {

/// Versions, instruction set, threads and data hash: what a repetition of the run must match.
nlohmann::json make_manifest(const Experiment& experiment, int workers, int processes);

}  // namespace ergo
