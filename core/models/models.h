// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/config/field.h"
#include "core/models/network.h"

namespace ergo {

struct Dataset;

/// A row of the table of networks. A preset's model section names it (`kind`) and holds its fields.
struct ModelRow {
  std::string id, label, doc, source;
  std::vector<Field> fields;
  /// @param section fields of this row; absent ones have their defaults, others are ignored.
  /// @throws Error{config} naming the field or the data that do not fit.
  std::shared_ptr<const Network> (*make)(const nlohmann::json& section, const Dataset& data,
                                         std::int64_t outputs);
};

const std::vector<ModelRow>& model_rows();

/// The fields of a model section: `kind`, then those of every row, each name once.
std::vector<Field> model_fields();

/// `kind` and the values of its own fields, defaults filled in: what the network depends on.
nlohmann::json model_values(const nlohmann::json& section);

/// The same at their defaults, `kind` that of a section without one.
nlohmann::json model_defaults(const nlohmann::json& section);

/// The network that the section names. @throws Error{config}, also for an unknown kind.
std::shared_ptr<const Network> make_network(const nlohmann::json& section, const Dataset& data,
                                            std::int64_t outputs);

}  // namespace ergo
