// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/table/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace ergo::tables {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_line_end(char c) { return c == '\n' || c == '\r'; }

std::string Cell::text() const {
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    out += raw[i];
    if (quoted && raw[i] == '"') ++i;  // inside quotes a quote is always written twice
  }
  return out;
}

RowReader::RowReader(std::string_view text, const Dialect& dialect, std::string source,
                     std::int64_t line)
    : rest_(text), dialect_(dialect), source_(std::move(source)), line_(line), row_line_(line) {}

bool RowReader::at_line_end() const { return rest_.empty() || is_line_end(rest_[0]); }

bool RowReader::at_separator() const {
  if (rest_.empty()) return false;
  return dialect_.separator == ' ' ? is_blank(rest_[0]) : rest_[0] == dialect_.separator;
}

/// Blanks that are no separators.
void RowReader::skip_blanks() {
  while (!rest_.empty() && is_blank(rest_[0]) &&
         !(rest_[0] == dialect_.separator && rest_[0] == '\t'))
    rest_.remove_prefix(1);
}

void RowReader::end_line() {
  if (rest_.empty()) return;
  rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
  ++line_;
}

void RowReader::skip_lines(std::int64_t count) {
  for (; count > 0 && !rest_.empty(); --count) {
    rest_.remove_prefix(std::min(rest_.find_first_of("\r\n"), rest_.size()));
    end_line();
  }
}

void RowReader::advance(std::string_view rest) {
  rest_ = rest;
  ++line_;
}

bool RowReader::to_row() {
  while (!rest_.empty()) {
    const auto start = rest_.find_first_not_of(" \t");
    if (start == rest_.npos) return false;
    const bool comment =
        !dialect_.comment.empty() && rest_.substr(start).starts_with(dialect_.comment);
    if (!comment && !is_line_end(rest_[start])) {
      row_line_ = line_;
      return true;
    }
    skip_lines(1);
  }
  return false;
}

/// @return false where the quote is part of a plain cell, as in `"a" b`.
bool RowReader::read_quoted(Cell& cell) {
  std::size_t end = 1;
  for (;; end += 2) {
    end = rest_.find('"', end);
    if (end == rest_.npos) {
      throw Error(ExitCode::data, fmt::format("{}: the quote that opens in row {} is never closed.",
                                              source_, row_line_));
    }
    if (end + 1 == rest_.size() || rest_[end + 1] != '"') break;
  }
  const std::string_view before = rest_;
  cell = {rest_.substr(1, end - 1), true};
  rest_.remove_prefix(end + 1);
  if (dialect_.separator != ' ') skip_blanks();
  if (!at_separator() && !at_line_end()) {
    rest_ = before;
    return false;
  }
  line_ += static_cast<std::int64_t>(std::count(cell.raw.begin(), cell.raw.end(), '\n'));
  return true;
}

Cell RowReader::read_cell() {
  skip_blanks();
  Cell cell;
  if (!rest_.empty() && rest_[0] == '"' && read_quoted(cell)) return cell;
  std::size_t end = 0;
  const bool blanks = dialect_.separator == ' ';
  while (end < rest_.size() && !is_line_end(rest_[end]) &&
         !(blanks ? is_blank(rest_[end]) : rest_[end] == dialect_.separator)) {
    ++end;
  }
  cell.raw = rest_.substr(0, end);
  rest_.remove_prefix(end);
  while (!cell.raw.empty() && is_blank(cell.raw.back())) cell.raw.remove_suffix(1);
  return cell;
}

void RowReader::read(std::vector<Cell>& cells) {
  cells.clear();
  while (true) {
    cells.push_back(read_cell());
    if (dialect_.separator == ' ') {
      skip_blanks();
      if (at_line_end()) break;
    } else {
      if (!at_separator()) break;
      rest_.remove_prefix(1);
    }
  }
  end_line();
}

bool RowReader::next(std::vector<Cell>& cells) {
  if (!to_row()) return false;
  read(cells);
  return true;
}

}  // namespace ergo::tables
