// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <string_view>

namespace ergo::io {

/// What JSON text from outside must keep beyond the grammar.
struct JsonRules {
  int deepest = 32;          ///< values of values: deeper ones could overflow a stack later
  bool unique_keys = false;  ///< no object has a key twice
};

/// Why `text` is no JSON that keeps the rules, without a full stop; empty when it is and does.
/// Linear in the text, but for the keys of an object (n log n); builds no document.
std::string json_fault(std::string_view text, const JsonRules& rules);

}  // namespace ergo::io
