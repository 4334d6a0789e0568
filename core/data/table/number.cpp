// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/table/number.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string>

namespace ergo::tables {
namespace {

bool is_missing(std::string_view cell) {
  constexpr std::array<std::string_view, 10> words = {"",    "?",    ".",   "-",    "na",
                                                      "n/a", "#n/a", "nan", "null", "none"};
  const auto same = [cell](std::string_view word) {
    return std::equal(cell.begin(), cell.end(), word.begin(), word.end(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == b;
    });
  };
  return cell.size() <= 4 && std::any_of(words.begin(), words.end(), same);
}

/// Whether a number that fits no double is so because it is too small: the power of ten of its
/// first digit other than zero is negative.
bool is_tiny(std::string_view number) {
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, e);
  std::string_view power = number.substr(std::min(e + 1, number.size()));
  if (power.starts_with('-')) return true;
  if (power.starts_with('+')) power.remove_prefix(1);
  long exponent = 0;
  const auto read = std::from_chars(power.data(), power.data() + power.size(), exponent);
  if (!power.empty() && read.ec != std::errc{}) return false;
  const auto point = static_cast<long>(std::min(mantissa.find('.'), mantissa.size()));
  const auto digit = static_cast<long>(mantissa.find_first_of("123456789"));
  return point - digit + exponent < 0;
}

CellKind read_number(std::string_view cell, double& value) {
  if (cell.size() > 1 && cell[0] == '+' && cell[1] != '-') cell.remove_prefix(1);
  const char* end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return CellKind::text;
  if (error == std::errc::result_out_of_range) {
    if (!is_tiny(cell)) return CellKind::too_large;
    value = cell.starts_with('-') ? -0.0 : 0.0;
    return CellKind::number;
  }
  if (std::isfinite(value)) return CellKind::number;
  return std::isnan(value) ? CellKind::missing : CellKind::infinite;
}

}  // namespace

CellKind read_cell(std::string_view cell, char decimal, double& value) {
  if (is_missing(cell)) return CellKind::missing;
  if (decimal == '.' || cell.find_first_of(".,") == cell.npos) return read_number(cell, value);
  const std::size_t comma = cell.find(',');
  // "1,": no digit after the mark, so the comma is a separator rather.
  if (comma == cell.npos || comma + 1 == cell.size() || cell.find('.') != cell.npos) {
    return CellKind::text;
  }
  std::string pointed(cell);
  pointed[comma] = '.';
  return read_number(pointed, value);
}

}  // namespace ergo::tables
