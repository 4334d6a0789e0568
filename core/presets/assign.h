// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

#include "core/presets/preset.h"

namespace ergo {

/// Puts a checked value where `field` points to: `value`, or what `text` says where that is null.
/// @throws as set_field().
void assign_field(Preset& preset, const std::string& field, const nlohmann::json* value,
                  const std::string& text);

}  // namespace ergo
