// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ergo::io {

/// Parses JSON as RFC 8259 has it; of two equal keys of an object neither is right.
/// @param source  file name for the messages.
/// @throws Error{data} naming `source` and, for a key that is given twice, its path ("data.seed"),
/// for anything else line and column from 1 and what stands there; a comment is named.
nlohmann::json parse_strict_json(std::string_view text, const std::string& source);

}  // namespace ergo::io
