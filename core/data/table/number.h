// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string_view>

namespace ergo::tables {

enum class CellKind { number, missing, text, too_large, infinite };

/// Reads a cell without blanks around it, never by the locale. A number that is too small for a
/// double is 0 (1e-400), one that is too large is `too_large`. Missing are the empty cell and, in
/// any case of letters, ? . - na n/a #n/a nan null none.
/// @param decimal  '.' or ','; the other one is no part of a number.
CellKind read_cell(std::string_view cell, char decimal, double& value);

}  // namespace ergo::tables
