// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <string_view>

namespace ergo::tables {

struct Decoded {
  std::string text;      ///< UTF-8 without a byte order mark
  std::string encoding;  ///< "utf-8", "utf-16" or "latin-1"
};

/// Makes UTF-8 of what a file holds. "auto" goes by the byte order mark, then by the zero bytes
/// that UTF-16 has beside every ASCII letter, then takes valid UTF-8 as such and anything else as
/// Latin-1 (with the letters that Windows-1252 puts into its unused rows).
/// @param wanted  "auto", "utf-8", "utf-16" or "latin-1".
/// @throws Error{data} naming `source` for text that is not of the wanted encoding, for zero bytes,
/// and for files that are no text: archives, workbooks, compressed files, web pages.
Decoded decode(std::string bytes, const std::string& wanted, const std::string& source);

/// Part of a file for a message: cut after `most` characters, control characters and bytes that
/// are no UTF-8 as \x1b.
std::string shown(std::string_view text, std::size_t most = 40);

}  // namespace ergo::tables
