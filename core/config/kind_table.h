// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/config/field.h"

/// Tables whose rows a preset's section chooses by its field `kind`; the first row is the default.
/// A Row has `id` and `fields`.
namespace ergo {

/// @throws Error{config} naming `path` ("model.kind") and the nearest id.
template <class Row>
const Row& row_of_kind(const std::vector<Row>& rows, const nlohmann::json& section,
                       const std::string& path) {
  const std::string kind = section.value("kind", rows.front().id);
  std::vector<std::string> known;
  for (const Row& row : rows) {
    if (row.id == kind) return row;
    known.push_back(row.id);
  }
  throw Error(ExitCode::config, "Field '" + path + "' is '" + kind + "', which is unknown" +
                                    nearest_hint(kind, known));
}

/// `kind`, then the fields of every row, each name once: a section may hold fields of other kinds,
/// which are ignored.
template <class Row>
std::vector<Field> fields_by_kind(const std::vector<Row>& rows, std::string doc) {
  FieldInfo info{.doc = std::move(doc)};
  for (const Row& row : rows) info.choices.push_back(row.id);
  std::vector<Field> fields = {{"kind", FieldType::choice, std::move(info), rows.front().id}};
  for (const Row& row : rows) {
    for (const Field& field : row.fields) {
      const bool known = std::any_of(fields.begin(), fields.end(),
                                     [&field](const Field& f) { return f.name == field.name; });
      if (!known) fields.push_back(field);
    }
  }
  return fields;
}

}  // namespace ergo
