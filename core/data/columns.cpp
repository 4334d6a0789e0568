// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/data/table/encoding.h"

namespace ergo {
namespace {

using tables::CellKind;
using tables::OddCell;
using tables::shown;
using tables::Table;

constexpr std::size_t most_categories = 256;

[[noreturn]] void fail_data(const Table& table, const std::string& what) {
  throw Error(ExitCode::data, fmt::format("{}: {}", table.source, what));
}

/// "1 row", "2 rows".
std::string counted(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// "column 'mpg'"; a column without a name by its number.
std::string titled(const Table& table, std::int64_t column) {
  const std::string& name = table.layout.names[static_cast<std::size_t>(column)];
  if (name.empty()) return fmt::format("column {} (without a name)", column + 1);
  if (table.layout.header_line == 0) return fmt::format("column {}", name);
  return fmt::format("column '{}'", shown(name));
}

/// A column by its name, else by its number from 1; -1: none or several.
std::int64_t find_column(const Table& table, std::string_view text) {
  const auto& names = table.layout.names;
  if (std::count(names.begin(), names.end(), text) == 1) {
    return std::find(names.begin(), names.end(), text) - names.begin();
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && number >= 1 && number <= table.columns() ? number - 1 : -1;
}

[[noreturn]] void fail_name(const Table& table, const char* field, const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& name : table.layout.names) names.push_back(shown(name));
  if (names.size() > 20) names.resize(20), names.emplace_back("...");
  throw Error(ExitCode::config,
              fmt::format("Field 'data.{}' is '{}', but must name columns of {} once each, by name "
                          "or by number from 1; it has {}.",
                          field, text, table.source, fmt::join(names, ", ")));
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// One name (which may hold commas), or several with commas between.
std::vector<std::int64_t> named_columns(const Table& table, const char* field,
                                        const std::string& text) {
  if (text.empty()) return {};
  if (const auto column = find_column(table, text); column >= 0) return {column};
  std::vector<std::int64_t> columns;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const auto column =
        find_column(table, trimmed(std::string_view(text).substr(begin, end - begin)));
    if (column < 0 || std::count(columns.begin(), columns.end(), column) > 0) {
      fail_name(table, field, text);
    }
    columns.push_back(column);
    begin = end + 1;
  }
  return columns;
}

/// What the odd cells of a column are.
struct ColumnState {
  std::int64_t missing = 0, text = 0;
  const OddCell* first_wrong = nullptr;  ///< of text, infinite or too large
};

class Selector {
 public:
  Selector(Table& table, const DataConfig& config)
      : table_(table), config_(config), states_(static_cast<std::size_t>(table.columns())) {
    for (const OddCell& odd : table.odd) {
      ColumnState& state = states_[static_cast<std::size_t>(odd.column)];
      if (odd.kind == CellKind::missing) {
        ++state.missing;
        continue;
      }
      state.text += odd.kind == CellKind::text;
      if (!state.first_wrong) state.first_wrong = &odd;
    }
  }

  Selection run() {
    choose();
    for (UsedColumn& column : chosen_.targets) require_numbers(column.index, true);
    for (UsedColumn& column : chosen_.inputs) {
      if (is_text(column.index) && config_.text_columns == "one_hot")
        make_categories(column);
      else
        require_numbers(column.index, false);
      warn_of_counter(column.index);
    }
    choose_rows();
    return std::move(chosen_);
  }

 private:
  ColumnState& state(std::int64_t column) { return states_[static_cast<std::size_t>(column)]; }

  bool is_text(std::int64_t column) {
    return state(column).text > 0 && state(column).text + state(column).missing == table_.rows;
  }

  UsedColumn used(std::int64_t column) const {
    return {table_.layout.names[static_cast<std::size_t>(column)], column, {}};
  }

  void choose() {
    const auto left_out = named_columns(table_, "leave_out", config_.leave_out);
    auto targets = named_columns(table_, "target", config_.target);
    std::vector<std::int64_t> rest;
    std::int64_t empty = 0;
    const auto in = [](const auto& list, std::int64_t c) {
      return std::find(list.begin(), list.end(), c) != list.end();
    };
    for (std::int64_t c = 0; c < table_.columns(); ++c) {
      const bool is_empty = table_.rows > 0 && state(c).missing == table_.rows;
      if (in(targets, c) && in(left_out, c)) fail_name(table_, "leave_out", config_.leave_out);
      if (in(targets, c) || in(left_out, c)) continue;
      empty += is_empty;
      if (!is_empty) rest.push_back(c);
    }
    if (config_.target.empty() && !rest.empty()) {
      targets = {rest.back()};
      rest.pop_back();
    }
    if (rest.empty() || targets.empty()) {
      fail_data(
          table_,
          fmt::format(
              "the table has {} with values, but at least an input and a target are needed{}.",
              counted(rest.size() + targets.size(), "column"), tables::skip_hint(table_.layout)));
    }
    for (const std::int64_t c : rest) chosen_.inputs.push_back(used(c));
    for (const std::int64_t c : targets) chosen_.targets.push_back(used(c));
    for (const std::int64_t c : left_out)
      chosen_.details.push_back(fmt::format("{} left out", titled(table_, c)));
    if (empty > 0)
      chosen_.details.push_back(
          fmt::format("{} left out", counted(static_cast<std::size_t>(empty), "empty column")));
  }

  void require_numbers(std::int64_t column, bool target) {
    if (is_text(column)) fail_text_column(column, target);
    if (state(column).first_wrong) fail_cell(*state(column).first_wrong);
  }

  [[noreturn]] void fail_text_column(std::int64_t column, bool target) {
    const OddCell& odd = *state(column).first_wrong;
    const std::string remedy =
        target && config_.target.empty()
            ? fmt::format(
                  "name the target with --set data.target=..., or leave this column out "
                  "with --set data.leave_out={}",
                  column + 1)
        : target ? std::string("a target must be a number")
                 : fmt::format(
                       "leave it out with --set data.leave_out={}, or make an input of each "
                       "text with --set data.text_columns=one_hot",
                       column + 1);
    fail_data(table_,
              fmt::format("the {}{} holds text ('{}' in row {}), but must hold numbers; {}.",
                          target ? "target, " : "", titled(table_, column) + (target ? "," : ""),
                          shown(odd.cell.text()), odd.line, remedy));
  }

  [[noreturn]] void fail_cell(const OddCell& odd) {
    double ignored = 0.0;
    std::string rule = "a number";
    if (odd.kind == CellKind::infinite) rule = "finite";
    if (odd.kind == CellKind::too_large) rule = "within +-1.8e308";
    std::string hint = tables::skip_hint(table_.layout);
    const bool comma = tables::read_cell(odd.cell.raw, ',', ignored) == CellKind::number;
    if (hint.empty() && odd.kind == CellKind::text && comma) {
      hint = "; --set data.decimal=comma reads it";
    }
    fail_data(table_, fmt::format("row {}, {} is '{}', but must be {}{}.", odd.line,
                                  titled(table_, odd.column), shown(odd.cell.text()), rule, hint));
  }

  /// Texts in the order of the alphabet; the values of the column become their numbers.
  void make_categories(UsedColumn& column) {
    std::map<std::string, std::int64_t> numbers;
    for (const OddCell& odd : table_.odd) {
      if (odd.column == column.index && odd.kind == CellKind::text) numbers[odd.cell.text()] = 0;
    }
    if (numbers.size() > most_categories) {
      fail_data(table_,
                fmt::format("the {} holds {} different texts, but data.text_columns=one_hot "
                            "takes at most {}; leave it out with --set data.leave_out={}.",
                            titled(table_, column.index), numbers.size(), most_categories,
                            column.index + 1));
    }
    for (auto& [text, number] : numbers) {
      number = static_cast<std::int64_t>(column.categories.size());
      column.categories.push_back(text);
    }
    for (const OddCell& odd : table_.odd) {
      if (odd.column != column.index || odd.kind != CellKind::text) continue;
      table_.values[static_cast<std::size_t>(odd.row * table_.columns() + odd.column)] =
          static_cast<double>(numbers[odd.cell.text()]);
    }
    chosen_.details.push_back(
        fmt::format("{} as {} inputs", titled(table_, column.index), numbers.size()));
  }

  /// Row numbers that a program wrote in front of the table.
  void warn_of_counter(std::int64_t column) {
    const std::string& name = table_.layout.names[static_cast<std::size_t>(column)];
    const bool nameless = table_.layout.header_line > 0 && (name.empty() || name == "Unnamed: 0");
    if (column != 0 || !nameless || table_.rows < 3) return;
    const auto at = [&](std::int64_t row) {
      return table_.values[static_cast<std::size_t>(row * table_.columns())];
    };
    for (std::int64_t row = 1; row < table_.rows; ++row) {
      if (at(row) != at(row - 1) + 1.0) return;
    }
    chosen_.warnings.push_back(
        fmt::format("{}: column 1 has no name and counts the rows, but is an input of the network; "
                    "leave it out "
                    "with --set data.leave_out=1.",
                    table_.source));
  }

  void choose_rows() {
    std::vector<bool> is_used(static_cast<std::size_t>(table_.columns()), false);
    for (const auto* list : {&chosen_.inputs, &chosen_.targets}) {
      for (const UsedColumn& column : *list) is_used[static_cast<std::size_t>(column.index)] = true;
    }
    std::map<std::int64_t, std::int64_t> dropped;  // column of the first missing cell: rows
    auto odd = table_.odd.begin();
    for (std::int64_t row = 0; row < table_.rows; ++row) {
      const OddCell* missing = nullptr;
      for (; odd != table_.odd.end() && odd->row == row; ++odd) {
        const bool counts =
            odd->kind == CellKind::missing && is_used[static_cast<std::size_t>(odd->column)];
        if (counts && !missing) missing = &*odd;
      }
      if (!missing) {
        chosen_.rows.push_back(row);
        continue;
      }
      if (config_.missing == "refuse") fail_missing(*missing);
      ++dropped[missing->column];
    }
    for (const auto& [column, rows] : dropped) {
      chosen_.details.push_back(fmt::format("{} dropped: {} missing",
                                            counted(static_cast<std::size_t>(rows), "row"),
                                            titled(table_, column)));
    }
  }

  [[noreturn]] void fail_missing(const OddCell& odd) {
    fail_data(table_, fmt::format("row {}, {} is '{}', a missing cell; --set data.missing=drop "
                                  "leaves out rows with such cells.",
                                  odd.line, titled(table_, odd.column), shown(odd.cell.text())));
  }

  Table& table_;
  const DataConfig& config_;
  std::vector<ColumnState> states_;
  Selection chosen_;
};

}  // namespace

std::int64_t Selection::input_width() const {
  std::int64_t width = 0;
  for (const UsedColumn& column : inputs) {
    width += column.categories.empty() ? 1 : static_cast<std::int64_t>(column.categories.size());
  }
  return width;
}

Selection select_columns(Table& table, const DataConfig& config) {
  return Selector(table, config).run();
}

}  // namespace ergo
