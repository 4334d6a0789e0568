// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/data_config.h"
#include "core/data/dataset.h"

namespace ergo {

/// A table of finite numbers.
struct CsvTable {
  std::vector<std::string> names;  ///< of the columns; their numbers "1", "2", ... without a header
  std::vector<double> values;      ///< [rows, columns] row-major
  std::int64_t rows = 0;
  std::int64_t columns() const { return static_cast<std::int64_t>(names.size()); }
};

/// Reads comma, semicolon or tab separated numbers with a decimal point. Accepted: CRLF, a UTF-8
/// byte order mark, quoted cells, empty lines, spaces around a number. The separator is that of the
/// first row: the semicolon if it has one, else the tab, else the comma.
/// @param header  "auto" (a first row with a cell that is not a number holds names), "yes" or "no".
/// @throws Error{data} naming `source`, the row (counted from 1, header included) and the column of
/// a cell that is not a finite number, or the row whose number of cells differs from the first.
CsvTable parse_csv(std::string_view text, const std::string& header, const std::string& source);

/// Regression on the columns of config.file: shuffled by the seed, split, standardised by training
/// statistics unless the config says no. One input column and one target fill
/// the curve.
/// @throws Error{config} for an unknown target column or sizes that do not fit, {no_input}, {data}.
Dataset make_csv(const DataConfig& config, const std::filesystem::path& base_folder);

}  // namespace ergo
