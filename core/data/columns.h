// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/data/data_config.h"
#include "core/data/table/table.h"

namespace ergo {

/// A column of a table that is used.
struct UsedColumn {
  std::string name;
  std::int64_t index = 0;  ///< in the table
  /// Of a text column that becomes one input per text: the table's value counts into it.
  std::vector<std::string> categories;
};

/// What of a table becomes inputs and targets.
struct Selection {
  std::vector<UsedColumn> inputs, targets;
  std::vector<std::int64_t> rows;     ///< of the table, in its order; without dropped ones
  std::vector<std::string> details;   ///< what was left out or made of columns, in few words
  std::vector<std::string> warnings;  ///< sentences
  std::int64_t input_width() const;   ///< numbers of a row of inputs
};

/// Chooses columns and rows as config.target, leave_out, missing and text_columns say. Numbers of a
/// text column in `table.values` become its categories.
/// @throws Error{data} for a cell, a text column or a missing cell that is not allowed, with row,
/// column and remedy; {config} for a column that does not exist.
Selection select_columns(tables::Table& table, const DataConfig& config);

}  // namespace ergo
