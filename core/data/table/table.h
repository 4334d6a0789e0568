// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/data/table/layout.h"
#include "core/data/table/number.h"

namespace ergo::tables {

/// A cell that is no number.
struct OddCell {
  std::int64_t row = 0, column = 0;  ///< in Table::values
  std::int64_t line = 0;             ///< of the file, from 1
  CellKind kind = CellKind::text;
  Cell cell;
};

/// A table as it was read. The cells point into `text`, so it is moved, not copied.
struct Table {
  Table() = default;
  Table(Table&&) = default;
  Table& operator=(Table&&) = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  std::string source, encoding;
  std::unique_ptr<const std::string> text;  ///< never moves, whatever happens to the table
  Layout layout;
  std::int64_t rows = 0;
  std::vector<double> values;  ///< [rows, columns] row-major; NaN where the cell is no number
  std::vector<OddCell> odd;    ///< in the order of the file
  std::int64_t columns() const { return static_cast<std::int64_t>(layout.names.size()); }
};

/// Reads the whole of a text table. Plain numbers take a fast way; a row with anything else is
/// split into cells. Rows whose cells are all empty are left out.
/// @param source  file name for the messages.
/// @throws Error{data} as decode() and find_layout(), and for a row whose number of cells does not
/// fit, with row and remedy.
Table read_table(std::string bytes, const TableConfig& config, const std::string& source);

}  // namespace ergo::tables
