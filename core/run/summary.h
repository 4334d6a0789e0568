// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/run/run.h"

namespace ergo {

/// Mean and standard error over seeds: {"preset", "seeds", "device", "samplers": [{"id", ...,
/// "metrics": {name: {"mean", "standard_error", "n"}}}], "runs": [...]}.
nlohmann::json summarise(const std::vector<RunResult>& results);
/// The same from the result objects, a list of at least one.
nlohmann::json summarise_runs(const nlohmann::json& runs);

/// The same as text: mean +- standard error per sampler and measure.
std::string summary_table(const nlohmann::json& summary);

}  // namespace ergo
