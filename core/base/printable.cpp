// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/printable.h"

#include <fmt/format.h>

#include <algorithm>

namespace ergo {
namespace {

/// U+0080 to U+009F are 0xc2 0x80 to 0xc2 0x9f: terminals obey them like those below U+0020.
bool is_control(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte == '\n') return false;
  if (byte < 0x20 || byte == 0x7f) return true;
  return byte == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
  std::size_t end = std::min(most, text.size());
  while (end > 0 && end < text.size() && continues_a_character(text[end])) --end;
  std::string shown;
  for (std::size_t i = 0; i < end; ++i) {
    if (is_control(text, i))
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
    else
      shown += text[i];
  }
  if (end < text.size()) shown += fmt::format(" [... {} more bytes]", text.size() - end);
  return shown;
}

}  // namespace ergo
