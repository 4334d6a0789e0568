// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/table/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/data/table/encoding.h"
#include "core/data/table/number.h"

namespace ergo::tables {
namespace {

constexpr std::size_t sample_size = 100;

struct SampleRow {
  std::vector<Cell> cells;
  std::int64_t line = 0;
  std::string_view rest;  ///< what follows it, from line `next_line` on
  std::int64_t next_line = 0;
};
using Sample = std::vector<SampleRow>;

[[noreturn]] void fail(const std::string& source, const std::string& what) {
  throw Error(ExitCode::data, fmt::format("{}: {}", source, what));
}

CellKind kind_of(const Cell& cell, char decimal) {
  double value = 0.0;
  return read_cell(cell.raw, decimal, value);
}

bool is_number(const Cell& cell, char decimal) {
  const CellKind kind = kind_of(cell, decimal);
  return kind != CellKind::text && kind != CellKind::missing;
}

bool is_text(const Cell& cell, char decimal) { return kind_of(cell, decimal) == CellKind::text; }

Sample sample_of(RowReader reader) {
  Sample sample;
  while (sample.size() < sample_size && reader.to_row()) {
    SampleRow row;
    row.line = reader.line();
    reader.read(row.cells);
    row.rest = reader.rest();
    row.next_line = reader.next_line();
    sample.push_back(std::move(row));
  }
  return sample;
}

/// The most frequent number of cells, the larger one when two are as frequent.
std::size_t usual_width(const Sample& sample) {
  std::map<std::size_t, std::size_t> counts;
  for (const SampleRow& row : sample) ++counts[row.cells.size()];
  std::size_t best = 0, most = 0;
  for (const auto& [width, count] : counts) {
    if (count >= most) best = width, most = count;
  }
  return best;
}

/// Share of the rows that have the usual width, times share of their filled cells that are numbers
/// (the first row does not count: it may hold names). 0 for a single column.
double score(const Sample& sample, char decimal) {
  const std::size_t width = usual_width(sample);
  if (width < 2) return 0.0;
  double even = 0.0, filled = 0.0, numbers = 0.0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (sample[i].cells.size() != width) continue;
    even += 1.0;
    if (i == 0 && sample.size() > 1) continue;
    for (const Cell& cell : sample[i].cells) {
      const CellKind kind = kind_of(cell, decimal);
      filled += kind != CellKind::missing;
      numbers += kind != CellKind::missing && kind != CellKind::text;
    }
  }
  const double share = filled > 0.0 ? numbers / filled : 0.0;
  return even / static_cast<double>(sample.size()) * (0.05 + share);
}

struct Named {
  const char* name;
  char sign;
};
/// In the order of preference where two do as well.
constexpr Named separators[] = {
    {"semicolon", ';'}, {"tab", '\t'}, {"comma", ','}, {"bar", '|'}, {"blanks", ' '}};

std::vector<char> candidates(const std::string& wanted) {
  std::vector<char> signs;
  for (const Named& separator : separators) {
    if (wanted == "auto" || wanted == separator.name) signs.push_back(separator.sign);
  }
  return signs;
}

std::vector<char> decimals(const std::string& wanted) {
  if (wanted == "point") return {'.'};
  if (wanted == "comma") return {','};
  return {'.', ','};
}

/// Where the table begins: behind the lines to skip and a line "sep=;", as Excel writes it.
struct Start {
  std::string_view text;
  std::int64_t line = 1;
  char separator = '\0';
};

Start find_start(std::string_view text, const TableConfig& config, const std::string& source) {
  const Dialect plain;
  RowReader reader(text, plain, source);
  reader.skip_lines(config.skip_lines);
  Start start{reader.rest(), config.skip_lines + 1};
  std::string_view first = start.text.substr(0, start.text.find_first_of("\r\n"));
  if (first.size() > 1 && first.front() == '"' && first.back() == '"') {
    first = first.substr(1, first.size() - 2);
  }
  if (first.size() == 5 && (first.starts_with("sep=") || first.starts_with("SEP="))) {
    start.separator = first[4];
    reader.skip_lines(1);
    start.text = reader.rest();
    ++start.line;
  }
  return start;
}

/// A stray quote makes a wrong separator fail, which is an answer, too.
double try_dialect(const Start& start, const Dialect& dialect, const std::string& source) {
  try {
    return score(sample_of(RowReader(start.text, dialect, source, start.line)), dialect.decimal);
  } catch (const Error&) {
    return -1.0;
  }
}

Dialect find_dialect(const Start& start, const TableConfig& config, const std::string& source) {
  std::vector<char> signs = candidates(config.separator);
  if (config.separator == "auto" && start.separator != '\0') signs = {start.separator};
  Dialect best;
  best.comment = config.comment;
  if (signs.size() == 1) best.separator = signs[0];
  if (config.decimal == "comma") best.decimal = ',';
  double best_score = 0.0;
  for (const char separator : signs) {
    for (const char decimal : decimals(config.decimal)) {
      if (separator == decimal) continue;
      const Dialect dialect{separator, decimal, config.comment};
      const double found = try_dialect(start, dialect, source);
      if (found > best_score + 1e-9) best_score = found, best = dialect;
    }
  }
  return best;
}

/// 0, 1, 2, ... or 1, 2, 3, ..., as programs write names of columns that have none.
bool counts(const std::vector<Cell>& cells) {
  for (const int from : {0, 1}) {
    std::size_t i = 0;
    while (i < cells.size() && cells[i].raw == fmt::format("{}", i + from)) ++i;
    if (i == cells.size() && i > 1) return true;
  }
  return false;
}

std::string list_of(const std::vector<Cell>& cells) {
  std::string text;
  for (std::size_t i = 0; i < cells.size() && i < 6; ++i) {
    text += (i > 0 ? ", " : "") + shown(cells[i].text(), 20);
  }
  return cells.size() > 6 ? text + ", ..." : text;
}

[[noreturn]] void fail_header(const SampleRow& row, const char* why, const std::string& source) {
  fail(source, fmt::format("row {} ({}) {}; say which with --set data.header=yes or "
                           "--set data.header=no.",
                           row.line, list_of(row.cells), why));
}

/// Whether the first row holds names: text over columns of numbers says yes, numbers over numbers
/// say no, and both together are not decided here.
bool has_header(const Sample& sample, const Dialect& dialect, const TableConfig& config,
                const std::string& source) {
  if (config.header != "auto") return config.header == "yes";
  const SampleRow& first = sample.front();
  if (sample.size() == 1) {
    return std::none_of(first.cells.begin(), first.cells.end(),
                        [&](const Cell& cell) { return is_number(cell, dialect.decimal); });
  }
  bool for_names = false, for_data = false, text = false;
  for (std::size_t c = 0; c < first.cells.size(); ++c) {
    const bool number_below = std::any_of(sample.begin() + 1, sample.end(), [&](const auto& row) {
      return c < row.cells.size() && is_number(row.cells[c], dialect.decimal);
    });
    text = text || is_text(first.cells[c], dialect.decimal);
    for_names = for_names || (is_text(first.cells[c], dialect.decimal) && number_below);
    for_data = for_data || (is_number(first.cells[c], dialect.decimal) && number_below);
  }
  if (for_names && for_data) fail_header(first, "holds text and numbers over numbers", source);
  if (!for_names && for_data && counts(first.cells)) {
    fail_header(first, "may be names or numbers", source);
  }
  return for_names || (text && !for_data);
}

bool is_units(const Sample& sample, const Dialect& dialect, const TableConfig& config) {
  if (config.units_row != "auto") return config.units_row == "yes" && sample.size() > 1;
  const auto numbers = [&](const SampleRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [&](const Cell& cell) { return is_number(cell, dialect.decimal); });
  };
  const auto text = [&](const SampleRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [&](const Cell& cell) { return is_text(cell, dialect.decimal); });
  };
  return sample.size() > 2 && !numbers(sample[1]) && text(sample[1]) && numbers(sample[2]);
}

/// The first line of the last stretch of rows that are all as wide as usual and hold numbers, and
/// of the names above it.
std::int64_t find_begin(const Sample& sample, const Dialect& dialect) {
  const std::size_t width = usual_width(sample);
  const auto fits = [&](const SampleRow& row, bool numbers) {
    return row.cells.size() == width &&
           numbers == std::any_of(row.cells.begin(), row.cells.end(), [&](const Cell& cell) {
             return is_number(cell, dialect.decimal);
           });
  };
  std::size_t first = sample.size();
  while (first > 0 && fits(sample[first - 1], true)) --first;
  // Above: units and names, or names alone.
  for (int above = 0; above < 2 && first > 0 && fits(sample[first - 1], false); ++above) --first;
  return first < sample.size() ? sample[first].line : 0;
}

/// Number of columns: the usual width below the names, without columns at its end that are empty.
std::size_t count_columns(const Sample& body, std::size_t named) {
  std::size_t width = usual_width(body);
  const auto empty = [&](std::size_t column) {
    return std::all_of(body.begin(), body.end(), [column](const SampleRow& row) {
      return column >= row.cells.size() || row.cells[column].raw.empty();
    });
  };
  while (width > 1 && width > named && empty(width - 1)) --width;
  return width;
}

void take_names(Layout& layout, const SampleRow& header, const Sample& body,
                const std::string& source) {
  std::vector<std::string> names;
  for (const Cell& cell : header.cells) names.push_back(cell.text());
  std::size_t named = names.size();
  while (named > 1 && names[named - 1].empty()) --named;
  const std::size_t columns = body.empty() ? named : count_columns(body, named);
  while (names.size() > columns && names.back().empty()) names.pop_back();
  // R writes the names of rows without a name above them.
  if (names.size() > 1 && names.size() + 1 == columns) names.insert(names.begin(), "");
  if (names.size() != columns) {
    fail(source,
         fmt::format("row {} has {} names ({}), but the rows below have {} cells{}.", header.line,
                     names.size(), list_of(header.cells), columns, skip_hint(layout)));
  }
  layout.names = std::move(names);
}

}  // namespace

std::string skip_hint(const Layout& layout) {
  if (layout.seems_to_begin == 0) return {};
  return fmt::format("; the table seems to begin in row {}: --set data.skip_lines={}",
                     layout.seems_to_begin, layout.seems_to_begin - 1);
}

std::string describe(const Layout& layout) {
  const char separator = layout.dialect.separator;
  std::string text = separator == ' '    ? std::string("blank-separated")
                     : separator == '\t' ? std::string("tab-separated")
                                         : fmt::format("'{}'-separated", separator);
  text += layout.dialect.decimal == ',' ? ", decimal comma" : ", decimal point";
  text += layout.header_line > 0 ? fmt::format(", names in row {}", layout.header_line)
                                 : std::string(", no names");
  if (layout.units_line > 0) text += fmt::format(", units in row {}", layout.units_line);
  return text;
}

Layout find_layout(std::string_view text, const TableConfig& config, const std::string& source) {
  const Start start = find_start(text, config, source);
  Layout layout;
  layout.dialect = find_dialect(start, config, source);
  Sample sample = sample_of(RowReader(start.text, layout.dialect, source, start.line));
  if (sample.empty()) fail(source, "the file is empty, but must be a table.");
  if (const auto begin = find_begin(sample, layout.dialect); begin > sample.front().line) {
    layout.seems_to_begin = begin;
  }
  const bool header = has_header(sample, layout.dialect, config, source);
  const bool units = header && is_units(sample, layout.dialect, config);
  const std::size_t above = (header ? 1 : 0) + (units ? 1 : 0);
  layout.body = above > 0 ? sample[above - 1].rest : start.text;
  layout.body_line = above > 0 ? sample[above - 1].next_line : start.line;
  const Sample body(sample.begin() + static_cast<std::ptrdiff_t>(above), sample.end());
  if (units) layout.units_line = sample[1].line;
  if (header) {
    layout.header_line = sample[0].line;
    take_names(layout, sample[0], body, source);
  } else {
    for (std::size_t i = 0; i < count_columns(body, 0); ++i) {
      layout.names.push_back(fmt::format("{}", i + 1));
    }
  }
  return layout;
}

}  // namespace ergo::tables
