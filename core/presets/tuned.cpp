// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/tuned.h"

#include <algorithm>

#include "core/config/run_config.h"
#include "core/presets/assign.h"
#include "core/presets/parts.h"

namespace ergo {

using nlohmann::json;

void apply_tuned(Preset& preset) {
  if (!preset.document.contains("tuned")) return;
  const auto budget =
      own_fields(preset).value("gradient_evaluations", RunConfig{}.gradient_evaluations);
  const json* best = nullptr;
  std::int64_t best_budget = 0;
  for (const json& entry : preset.document["tuned"]) {
    const auto at = entry.at("gradient_evaluations").get<std::int64_t>();
    const bool better = !best || (at <= budget ? at > best_budget || best_budget > budget
                                               : best_budget > budget && at < best_budget);
    if (better) best = &entry, best_budget = at;
  }
  if (!best) return;
  const json values = best->at("set");
  for (const auto& [field, value] : values.items()) {
    if (std::find(preset.set.begin(), preset.set.end(), field) == preset.set.end()) {
      assign_field(preset, field, &value, {});
    }
  }
}

}  // namespace ergo
