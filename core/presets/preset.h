// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/config/field.h"

namespace ergo {

inline constexpr int preset_schema = 1;

/// A preset file: sections of fields, checked when it is read. Keys at the top that are not
/// sections are the run's own fields. Schema: FORMAT.md.
struct Preset {
  std::string id;                ///< file name without `.json`
  std::filesystem::path folder;  ///< relative file names in it start here
  nlohmann::json document;       ///< the file, with `tuned` values and `--set` applied
  std::vector<std::string> set;  ///< fields given by the user; `tuned` leaves them alone
  std::string kind() const;      ///< "compare" or "meta-train"
  std::string title() const;
  std::string description() const;
};

/// One section of a preset as a form shows it: "" is the run itself, "data", "model",
/// "posterior", and one per sampler id.
struct Section {
  std::string name;
  std::string label;
  std::string doc;
  std::vector<Field> fields;
};

/// The sections of a preset with their present values.
std::vector<Section> sections(const Preset& preset);

/// The present values of the section of that name as one object, defaults filled in; empty when
/// there is no such section.
nlohmann::json section_values(const Preset& preset, const std::string& name);

/// Applies `field=value`, field as `gradient_evaluations` or `sghmc.step_size`.
/// @throws Error{usage} for an unknown field (names the nearest) or unparsable text,
/// Error{config} for a value out of range.
void set_field(Preset& preset, const std::string& field, const std::string& value);

/// True when samplers run on a bare log-density: a target section instead of data, model and
/// posterior.
bool is_target(const Preset& preset);

/// All violations in the whole preset.
std::vector<Problem> problems(const Preset& preset);

}  // namespace ergo
