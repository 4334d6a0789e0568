// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/data/common.h"
#include "core/io/atomic_file.h"

namespace ergo {
namespace {

using Row = std::vector<std::string>;
constexpr std::size_t file_limit = std::size_t{1} << 30;

[[noreturn]] void fail_data(const std::string& message) { throw Error(ExitCode::data, message); }
[[noreturn]] void fail_config(const std::string& message) {
  throw Error(ExitCode::config, message);
}

/// Splits text into cells, RFC 4180 quotes included; `row` counts non-empty lines from 1.
class Scanner {
 public:
  Scanner(std::string_view text, const std::string& source) : text_(text), source_(source) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    const std::string_view line = text_.substr(0, text_.find('\n'));
    if (line.find(';') != line.npos)
      separator_ = ';';
    else if (line.find('\t') != line.npos)
      separator_ = '\t';
  }

  /// @return false at the end of the text. Lines without any character are passed over.
  bool next(Row& row) {
    do {
      if (text_.empty()) return false;
      row.clear();
      ++number_;
      read_line(row);
    } while (row.size() == 1 && row[0].empty());
    return true;
  }

  std::int64_t number() const { return number_; }

 private:
  void read_line(Row& row) {
    row.emplace_back();
    while (!text_.empty()) {
      const char c = take();
      if (c == separator_)
        row.emplace_back();
      else if (c == '\n')
        return;
      else if (c == '"' && row.back().empty())
        read_quoted(row.back());
      else if (c != '\r' || !(text_.empty() || text_[0] == '\n'))
        row.back() += c;
    }
  }

  void read_quoted(std::string& cell) {
    while (!text_.empty()) {
      const char c = take();
      if (c != '"')
        cell += c;
      else if (!text_.empty() && text_[0] == '"')
        cell += take();
      else
        return;
    }
    fail_data(fmt::format("{}: the quote that opens in row {} is never closed", source_, number_));
  }

  char take() {
    const char c = text_[0];
    text_.remove_prefix(1);
    return c;
  }

  std::string_view text_;
  const std::string& source_;
  char separator_ = ',';
  std::int64_t number_ = 0;
};

std::string_view trimmed(std::string_view cell) {
  const auto first = cell.find_first_not_of(" \t");
  if (first == cell.npos) return {};
  return cell.substr(first, cell.find_last_not_of(" \t") - first + 1);
}

/// NaN and infinity count as numbers here, so that they are reported and not taken for a header.
bool parse_number(std::string_view cell, double& value) {
  cell = trimmed(cell);
  if (cell.size() > 1 && cell[0] == '+' && cell[1] != '-') cell.remove_prefix(1);
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc{} && end == cell.data() + cell.size();
}

bool is_header(const Row& row, const std::string& header) {
  if (header != "auto") return header == "yes";
  return std::any_of(row.begin(), row.end(), [](const std::string& cell) {
    double ignored = 0.0;
    return !parse_number(cell, ignored);
  });
}

void append_row(CsvTable& table, const Row& row, std::int64_t number, const std::string& source) {
  if (row.size() != table.names.size()) {
    fail_data(fmt::format("{}: row {} has {} columns, the first row has {}", source, number,
                          row.size(), table.names.size()));
  }
  for (std::size_t column = 0; column < row.size(); ++column) {
    double value = 0.0;
    if (!parse_number(row[column], value) || !std::isfinite(value)) {
      fail_data(fmt::format("{}: row {}, column '{}' is '{}', not a finite number", source, number,
                            table.names[column], row[column]));
    }
    table.values.push_back(value);
  }
  ++table.rows;
}

/// A column by its name, else by its number from 1; -1: none or several.
std::int64_t find_column(const CsvTable& table, std::string_view text) {
  const auto& names = table.names;
  const auto named = std::count(names.begin(), names.end(), text);
  if (named == 1) return std::find(names.begin(), names.end(), text) - names.begin();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && number >= 1 && number <= table.columns() ? number - 1 : -1;
}

/// The columns of data.target: one name (which may hold commas), or several with commas between.
std::vector<std::int64_t> target_columns(const CsvTable& table, const DataConfig& config,
                                         const std::string& source) {
  if (config.target.empty()) return {table.columns() - 1};
  if (const auto column = find_column(table, config.target); column >= 0) return {column};
  std::vector<std::int64_t> columns;
  for (std::size_t begin = 0; begin <= config.target.size();) {
    const std::size_t end = std::min(config.target.find(',', begin), config.target.size());
    const auto column =
        find_column(table, trimmed(std::string_view(config.target).substr(begin, end - begin)));
    if (column < 0 || std::count(columns.begin(), columns.end(), column) > 0) {
      fail_config(
          fmt::format("Field 'data.target' is '{}', but must name columns of {} once each, by name "
                      "or by number "
                      "from 1; it has {}.",
                      config.target, source, fmt::join(table.names, ", ")));
    }
    columns.push_back(column);
    begin = end + 1;
  }
  return columns;
}

std::vector<std::int64_t> shuffled(std::int64_t count, ScalarStream stream) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[stream.integer(i)]);
  return order;
}

/// Inputs in the order of the table, targets in the order of data.target.
Split take_rows(const CsvTable& table, const std::vector<std::int64_t>& targets,
                const std::int64_t* rows, std::int64_t count) {
  std::vector<std::int64_t> inputs;
  for (std::int64_t column = 0; column < table.columns(); ++column) {
    if (std::count(targets.begin(), targets.end(), column) == 0) inputs.push_back(column);
  }
  Split split;
  split.x.count = count;
  split.x.shape.width = static_cast<std::int64_t>(inputs.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const double* row = table.values.data() + rows[i] * table.columns();
    for (const std::int64_t column : inputs) split.x.values.push_back(row[column]);
    for (const std::int64_t column : targets) split.y.push_back(row[column]);
  }
  return split;
}

struct Sizes {
  std::int64_t train = 0, validation = 0, test = 0;
};

Sizes split_sizes(const DataConfig& config, std::int64_t rows, const std::string& source) {
  const auto share = [rows](double fraction) {
    return static_cast<std::int64_t>(std::llround(fraction * static_cast<double>(rows)));
  };
  Sizes sizes;
  sizes.validation =
      config.validation_size > 0 ? config.validation_size : share(config.validation_fraction);
  sizes.test = config.test_size > 0 ? config.test_size
                                    : std::max<std::int64_t>(1, share(config.test_fraction));
  const std::int64_t left = rows - sizes.validation - sizes.test;
  sizes.train = config.train_size > 0 ? config.train_size : left;
  if (left < 1 || sizes.train > left) {
    fail_config(fmt::format(
        "{} has {} rows, too few for {} validation, {} test and at least {} training points",
        source, rows, sizes.validation, sizes.test, std::max<std::int64_t>(1, config.train_size)));
  }
  return sizes;
}

void fill_curve(Dataset& dataset, const CsvTable& table, std::int64_t target,
                const DataConfig& config) {
  CurveData& curve = dataset.curve;
  curve.train_x = dataset.train.x.values;
  curve.train_y = dataset.train.y;
  const auto [low, high] = std::minmax_element(curve.train_x.begin(), curve.train_x.end());
  const double margin = *high > *low ? 0.1 * (*high - *low) : 1.0;
  curve.grid_x = curve_grid(config, *low - margin, *high + margin);
  curve.noise_sd = config.noise_sd;
  curve.x_label = table.names[1 - target];
  curve.y_label = table.names[target];
  dataset.grid.count = static_cast<std::int64_t>(curve.grid_x.size());
  dataset.grid.shape.width = 1;
  dataset.grid.values = curve.grid_x;
}

}  // namespace

CsvTable parse_csv(std::string_view text, const std::string& header, const std::string& source) {
  Scanner scanner(text, source);
  Row row;
  if (!scanner.next(row)) fail_data(source + " is empty");
  CsvTable table;
  const bool named = is_header(row, header);
  for (std::size_t i = 0; i < row.size(); ++i) {
    table.names.push_back(named ? std::string(trimmed(row[i])) : fmt::format("{}", i + 1));
  }
  if (!named) append_row(table, row, scanner.number(), source);
  while (scanner.next(row)) append_row(table, row, scanner.number(), source);
  return table;
}

Dataset make_csv(const DataConfig& config, const std::filesystem::path& base_folder) {
  if (config.file.empty()) fail_config("data.file is empty, the source csv needs a file");
  const std::filesystem::path path = base_folder / config.file;
  const std::string source = path.string();
  const CsvTable table = parse_csv(io::read_file(path, file_limit), config.header, source);
  const std::vector<std::int64_t> targets = target_columns(table, config, source);
  const auto count = static_cast<std::int64_t>(targets.size());
  if (table.columns() <= count) {
    fail_data(fmt::format("{} has {} column, at least an input and a target are needed", source,
                          table.columns()));
  }
  const Sizes sizes = split_sizes(config, table.rows, source);
  const auto order = shuffled(table.rows, data_stream(config, DataPurpose::shuffle));
  Dataset dataset;
  dataset.name = path.stem().string();
  dataset.inputs = table.columns() - count;
  dataset.targets = dataset.outputs = count;
  // Test rows come first in the order, so that they stay the same when the other sizes change.
  const std::int64_t* rows = order.data();
  dataset.test = take_rows(table, targets, rows, sizes.test);
  dataset.validation = take_rows(table, targets, rows + sizes.test, sizes.validation);
  dataset.train = take_rows(table, targets, rows + sizes.test + sizes.validation, sizes.train);
  if (dataset.inputs == 1 && count == 1)
    fill_curve(dataset, table, targets[0], config);
  else
    dataset.grid.shape.width = dataset.inputs;
  if (config.standardise) {
    standardise_inputs(dataset);
    standardise_targets(dataset);
  }
  return dataset;
}

}  // namespace ergo
