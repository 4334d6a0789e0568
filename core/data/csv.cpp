// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/config/find_file.h"
#include "core/data/columns.h"
#include "core/data/common.h"
#include "core/data/table/encoding.h"
#include "core/io/atomic_file.h"

namespace ergo {
namespace {

using tables::shown;
using tables::Table;

constexpr std::size_t file_limit = std::size_t{4} << 30;

[[noreturn]] void fail_config(const std::string& message) {
  throw Error(ExitCode::config, message);
}

std::vector<std::int64_t> shuffled(std::vector<std::int64_t> rows, ScalarStream stream) {
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[stream.integer(i)]);
  return rows;
}

/// Inputs in the order of the table, targets in the order of data.target.
Split take_rows(const Table& table, const Selection& chosen, const std::int64_t* rows,
                std::int64_t count) {
  Split split;
  split.x.count = count;
  split.x.shape.width = chosen.input_width();
  split.x.values.reserve(static_cast<std::size_t>(count * split.x.shape.width));
  split.y.reserve(static_cast<std::size_t>(count) * chosen.targets.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const double* row = table.values.data() + rows[i] * table.columns();
    for (const UsedColumn& column : chosen.inputs) {
      const double value = row[column.index];
      if (column.categories.empty()) split.x.values.push_back(value);
      for (std::size_t k = 0; k < column.categories.size(); ++k) {
        split.x.values.push_back(value == static_cast<double>(k) ? 1.0 : 0.0);
      }
    }
    for (const UsedColumn& column : chosen.targets) split.y.push_back(row[column.index]);
  }
  split.rows.assign(rows, rows + count);
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
        "{} has {} rows, but {} validation, {} test and at least {} training "
        "points are asked for.",
        source, rows, sizes.validation, sizes.test, std::max<std::int64_t>(1, config.train_size)));
  }
  return sizes;
}

void fill_curve(Dataset& dataset, const Selection& chosen, const DataConfig& config) {
  CurveData& curve = dataset.curve;
  curve.train_x = dataset.train.x.values;
  curve.train_y = dataset.train.y;
  const auto [low, high] = std::minmax_element(curve.train_x.begin(), curve.train_x.end());
  const double margin = *high > *low ? 0.1 * (*high - *low) : 1.0;
  curve.grid_x = curve_grid(config, *low - margin, *high + margin);
  curve.noise_sd = config.noise_sd;
  curve.x_label = chosen.inputs[0].name;
  curve.y_label = chosen.targets[0].name;
  dataset.grid.count = static_cast<std::int64_t>(curve.grid_x.size());
  dataset.grid.values = curve.grid_x;
  const auto outside = std::count_if(curve.train_x.begin(), curve.train_x.end(), [&](double x) {
    return x < curve.grid_x.front() || x > curve.grid_x.back();
  });
  if (outside > 0) {
    dataset.warnings.push_back(fmt::format(
        "{} of {} training points lie outside the grid from {} to {}, and the curve does not show "
        "them; with data.grid_min equal to data.grid_max the grid is taken from the data.",
        outside, curve.train_x.size(), curve.grid_x.front(), curve.grid_x.back()));
  }
}

/// A column that never varies in training tells the network nothing, and stays unscaled.
void warn_of_constants(Dataset& dataset, const Selection& chosen) {
  const std::int64_t width = dataset.inputs;
  std::int64_t first = 0;
  for (const UsedColumn& column : chosen.inputs) {
    const std::int64_t at = first;
    first += column.categories.empty() ? 1 : static_cast<std::int64_t>(column.categories.size());
    const double value = dataset.train.x.values[static_cast<std::size_t>(at)];
    const auto differs = [&](const Split& split) {
      for (std::size_t i = at; i < split.x.values.size(); i += width) {
        if (split.x.values[i] != value) return true;
      }
      return false;
    };
    if (!column.categories.empty() || differs(dataset.train)) continue;
    if (!differs(dataset.validation) && !differs(dataset.test)) continue;
    dataset.warnings.push_back(fmt::format(
        "Column '{}' is {} in every training row but not in all others, so the network has not "
        "learned what it means; leave it out with --set data.leave_out={}.",
        shown(column.name), value, column.index + 1));
  }
}

/// As data.target may name it: by number where it has no name, or not one of its own.
std::string target_name(const Table& table, const UsedColumn& target) {
  const auto& names = table.layout.names;
  const bool own = std::count(names.begin(), names.end(), target.name) == 1;
  if (table.layout.header_line == 0 || target.name.empty()) {
    return fmt::format("column {}", target.index + 1);
  }
  const std::string name = fmt::format("'{}'", shown(target.name));
  return own ? name : fmt::format("{} (column {})", name, target.index + 1);
}

std::string describe(const Table& table, const Selection& chosen) {
  std::vector<std::string> targets;
  for (const UsedColumn& target : chosen.targets) targets.push_back(target_name(table, target));
  std::string text = fmt::format("{}: {}, target {}, {} columns, {} rows", table.source,
                                 tables::describe(table.layout), fmt::join(targets, " and "),
                                 chosen.inputs.size() + chosen.targets.size(), chosen.rows.size());
  if (table.encoding != "utf-8") text += ", " + table.encoding;
  for (const std::string& detail : chosen.details) text += ", " + detail;
  return text + ".";
}

}  // namespace

Dataset make_csv(const DataConfig& config, const std::filesystem::path& base_folder) {
  if (config.file.empty()) {
    fail_config("Field 'data.file' is empty, but the source csv needs a file.");
  }
  const std::filesystem::path path = require_file("data.file", config.file, {base_folder});
  Table table = tables::read_table(io::read_file(path, file_limit), config.table, path.string());
  const Selection chosen = select_columns(table, config);
  Dataset dataset;
  dataset.notes.push_back(describe(table, chosen));
  dataset.warnings = chosen.warnings;
  table.odd = {};
  table.text.reset();  // the cells are read: make room for the splits
  const auto count = static_cast<std::int64_t>(chosen.rows.size());
  const Sizes sizes = split_sizes(config, count, table.source);
  const auto order = shuffled(chosen.rows, data_stream(config, DataPurpose::shuffle));
  dataset.name = path.stem().string();
  dataset.inputs = dataset.grid.shape.width = chosen.input_width();
  dataset.targets = dataset.outputs = static_cast<std::int64_t>(chosen.targets.size());
  // Test rows come first in the order, so that they stay the same when the other sizes change.
  const std::int64_t* rows = order.data();
  dataset.test = take_rows(table, chosen, rows, sizes.test);
  dataset.validation = take_rows(table, chosen, rows + sizes.test, sizes.validation);
  dataset.train = take_rows(table, chosen, rows + sizes.test + sizes.validation, sizes.train);
  if (dataset.inputs == 1 && dataset.targets == 1) fill_curve(dataset, chosen, config);
  warn_of_constants(dataset, chosen);
  if (config.standardise) {
    standardise_inputs(dataset);
    standardise_targets(dataset);
  }
  return dataset;
}

}  // namespace ergo
