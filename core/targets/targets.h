// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/config/field.h"
#include "core/targets/log_density.h"

namespace ergo {

/// A row of the table of bare targets. A preset's target section names it (`kind`) and holds its
/// fields; such a preset has no data, model and posterior.
struct TargetRow {
  std::string id, label, doc, source;
  std::vector<Field> fields;
  std::shared_ptr<const LogDensity> (*make)(const nlohmann::json& section);
};

const std::vector<TargetRow>& target_rows();

/// The fields of a target section: `kind`, then those of every row.
std::vector<Field> target_fields();

/// @throws Error{config} for an unknown kind or a value out of range.
std::shared_ptr<const LogDensity> make_target(const nlohmann::json& section);

}  // namespace ergo
