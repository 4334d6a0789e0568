// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "core/presets/preset.h"

/// Inside core/presets: which field list belongs to which part of a document.
namespace ergo {

/// A field list beside the values that the document gives.
struct Part {
  std::string name, label, doc;
  std::vector<Field> fields;
  nlohmann::json object;
  bool shown = true;  ///< false: checked and settable, but without effect in this preset
};

/// The run's own fields first.
std::vector<Part> parts(const Preset& preset);

/// The top-level keys that are fields of the run itself.
nlohmann::json own_fields(const Preset& preset);

bool is_meta(const Preset& preset);

/// The object that holds the fields of part `name` (a sampler's in the list of samplers), or null.
nlohmann::json* section_object(Preset& preset, const std::string& name);

}  // namespace ergo
