// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/control.h"
#include "core/events/events.h"
#include "core/presets/preset.h"

namespace ergo {

/// Runs every point of the grid in the preset's `tuning` section ({"seeds": "101-103", "grid":
/// {"sghmc.step_size": [...], ...}}; fields of one sampler span their product) at the preset's
/// budget, each sampler by itself, and chooses by mean validation NLL; a diverged run counts as
/// infinite. @return {"preset", "gradient_evaluations", "set": {field: value}, "table": [...]}.
/// @throws Error{config} for a grid field that is no sampler field, what running a setting of the
/// grid would throw, before the first run, and {interrupted} when stopped.
nlohmann::json tune(const Preset& preset, int workers, const EventSink& sink, RunControl& control);

std::string tuning_table(const nlohmann::json& tuning);

/// "1-5" or "3" as a list. @throws Error{usage} naming the text.
std::vector<std::uint64_t> parse_seed_range(const std::string& text);

}  // namespace ergo
