// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/table/rows.h"
#include "core/data/table/table_config.h"

namespace ergo::tables {

/// Where a table begins in a text and how it is written.
struct Layout {
  Dialect dialect;
  std::int64_t header_line = 0;    ///< line of the names, from 1; 0: the table has none
  std::int64_t units_line = 0;     ///< line of the units, which is left out; 0: none
  std::vector<std::string> names;  ///< one per column; "1", "2", ... without a header
  std::string_view body;           ///< the rows of data
  std::int64_t body_line = 1;      ///< line at which body begins
  /// Line at which a table of numbers seems to begin, where that is not what the rest says; 0:
  /// none.
  std::int64_t seems_to_begin = 0;
};

/// Guesses what `config` leaves open from the first rows of `text`: the separator and decimal mark
/// that give the most even table with the most numbers; names where text stands over numbers.
/// @throws Error{data} naming `source` and the remedy for an empty text, a first row that may be
/// names or data, and a header that does not fit the rows below.
Layout find_layout(std::string_view text, const TableConfig& config, const std::string& source);

/// "; the table seems to begin in row 5: --set data.skip_lines=4" where that is so.
std::string skip_hint(const Layout& layout);

/// For people: "';'-separated, decimal comma, names in row 1".
std::string describe(const Layout& layout);

}  // namespace ergo::tables
