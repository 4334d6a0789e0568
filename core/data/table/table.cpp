// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/table/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/data/table/encoding.h"

namespace ergo::tables {
namespace {

class BodyReader {
 public:
  explicit BodyReader(Table& table)
      : table_(table),
        dialect_(table.layout.dialect),
        columns_(table.layout.names.size()),
        fast_(dialect_.decimal == '.') {}

  void read() {
    RowReader reader(table_.layout.body, dialect_, table_.source, table_.layout.body_line);
    reserve();
    while (reader.to_row()) {
      const std::string_view rest = fast_ ? read_plain(reader.rest()) : std::string_view();
      if (rest.data() != nullptr) {
        reader.advance(rest);
        ++table_.rows;
      } else {
        reader.read(cells_);
        add_cells(reader.line());
      }
    }
  }

 private:
  /// By the length of the first rows; what is reserved and not used takes no memory.
  void reserve() {
    const std::string_view start = table_.layout.body.substr(0, 65536);
    const auto lines = std::count_if(start.begin(), start.end(), is_line_end) + 1;
    const double per_row = static_cast<double>(start.size()) / static_cast<double>(lines);
    const double rows = static_cast<double>(table_.layout.body.size()) / std::max(1.0, per_row);
    table_.values.reserve(static_cast<std::size_t>(1.05 * rows + 16.0) * columns_);
  }

  /// A row of plain finite numbers. @return what follows the row, or a null view when it holds
  /// anything else: then nothing has happened.
  std::string_view read_plain(std::string_view text) {
    const std::size_t before = table_.values.size();
    const char* next = text.data();
    const char* end = next + text.size();
    for (std::size_t column = 0; column < columns_; ++column) {
      const bool last = column + 1 == columns_;
      double value = 0.0;
      next = skip_blanks(next, end);
      const auto [stop, error] = std::from_chars(next, end, value);
      if (error != std::errc{} || !std::isfinite(value)) break;
      next = skip_blanks(stop, end);
      const bool at_end = next == end || is_line_end(*next);
      const bool apart =
          dialect_.separator == ' ' ? next > stop : next < end && *next == dialect_.separator;
      if (last ? !at_end : at_end || !apart) break;
      table_.values.push_back(value);
      if (!last) next += dialect_.separator != ' ';
    }
    if (table_.values.size() != before + columns_) {
      table_.values.resize(before);
      return {};
    }
    if (next < end) next += *next == '\r' && next + 1 < end && next[1] == '\n' ? 2 : 1;
    return {next, static_cast<std::size_t>(end - next)};
  }

  const char* skip_blanks(const char* at, const char* end) const {
    while (at < end && is_blank(*at) && *at != dialect_.separator) ++at;
    while (dialect_.separator == ' ' && at < end && is_blank(*at)) ++at;
    return at;
  }

  void add_cells(std::int64_t line) {
    while (cells_.size() > columns_ && cells_.back().raw.empty()) cells_.pop_back();
    if (std::all_of(cells_.begin(), cells_.end(), [](const Cell& c) { return c.raw.empty(); })) {
      return;
    }
    if (cells_.size() != columns_) {
      throw Error(
          ExitCode::data,
          fmt::format("{}: row {} has {} cells, but the table has {} columns{}.", table_.source,
                      line, cells_.size(), columns_, skip_hint(table_.layout)));
    }
    for (std::size_t column = 0; column < columns_; ++column) {
      double value = undefined_cell;
      const CellKind kind = read_cell(cells_[column].raw, dialect_.decimal, value);
      if (kind != CellKind::number) {
        table_.odd.push_back(
            {table_.rows, static_cast<std::int64_t>(column), line, kind, cells_[column]});
        value = undefined_cell;
      }
      table_.values.push_back(value);
    }
    ++table_.rows;
  }

  static constexpr double undefined_cell = std::numeric_limits<double>::quiet_NaN();
  Table& table_;
  const Dialect& dialect_;
  std::size_t columns_;
  bool fast_;
  std::vector<Cell> cells_;
};

}  // namespace

Table read_table(std::string bytes, const TableConfig& config, const std::string& source) {
  Table table;
  table.source = source;
  Decoded decoded = decode(std::move(bytes), config.encoding, source);
  table.encoding = std::move(decoded.encoding);
  table.text = std::make_unique<const std::string>(std::move(decoded.text));
  table.layout = find_layout(*table.text, config, source);
  BodyReader(table).read();
  return table;
}

}  // namespace ergo::tables
