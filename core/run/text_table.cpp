// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/text_table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

namespace ergo {

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      text += c == 0 ? fmt::format("{:<{}}", row[c], widths[c])
                     : fmt::format("  {:>{}}", row[c], widths[c]);
    }
    text += "\n";
  }
  return text;
}

std::string figure(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  const bool plain = value == 0.0 || (size >= 0.01 && size < 1e6);
  return plain ? fmt::format("{:.4f}", value) : fmt::format("{:.3e}", value);
}

}  // namespace ergo
