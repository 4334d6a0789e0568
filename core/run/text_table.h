// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

namespace ergo {

/// Rows of cells as text: the first column to the left, the others to the right, each as wide as
/// its widest cell, two blanks apart. Every row ends with a newline.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

/// A measure for a table: four decimals, or four digits and a power of ten where these would hide
/// it; "-" when it is not finite.
std::string figure(double value);

}  // namespace ergo
