// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/table/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>

#include "core/base/error.h"

namespace ergo::tables {
namespace {

using Unit = char32_t;
constexpr Unit replacement = 0xfffd;

[[noreturn]] void fail(const std::string& source, const std::string& what) {
  throw Error(ExitCode::data, fmt::format("{}: {}", source, what));
}

void append_utf8(std::string& text, Unit c) {
  const auto put = [&text](Unit byte) { text += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6), put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 0x3f)), put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

/// Length of the valid UTF-8 character that begins at text[i], 0 when none does (RFC 3629).
std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) {
    return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
  };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first == 0xe0 && second < 0xa0) return 0;  // overlong
  if (first == 0xed && second > 0x9f) return 0;  // surrogate
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // beyond U+10FFFF
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xc0) != 0x80) return 0;
  }
  return length;
}

/// Where the first byte stands that is no UTF-8, or text.size(). ASCII is passed eight at a time.
std::size_t first_not_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    std::uint64_t eight = 0;
    if (i + 8 <= text.size()) {
      std::memcpy(&eight, text.data() + i, 8);
      if ((eight & 0x8080808080808080u) == 0) {
        i += 8;
        continue;
      }
    }
    const std::size_t length = utf8_length(text, i);
    if (length == 0) return i;
    i += length;
  }
  return i;
}

/// Windows-1252 at 0x80 to 0x9f, where Latin-1 has control characters that nobody writes.
constexpr std::array<std::uint16_t, 32> windows_1252 = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

std::string from_latin1(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    append_utf8(text, byte >= 0x80 && byte < 0xa0 ? windows_1252[byte - 0x80] : byte);
  }
  return text;
}

std::string from_utf16(std::string_view bytes, bool big, const std::string& source) {
  if (bytes.size() % 2 != 0) fail(source, "UTF-16 text with half a character at its end.");
  std::string text;
  text.reserve(bytes.size() / 2);
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<unsigned char>(bytes[i]),
               b = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<Unit>(big ? a << 8 | b : b << 8 | a);
  };
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    Unit c = unit(i);
    if (c >= 0xd800 && c < 0xdc00 && i + 2 < bytes.size()) {
      const Unit low = unit(i + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        i += 2;
      }
    }
    append_utf8(text, c >= 0xd800 && c < 0xe000 ? replacement : c);
  }
  return text;
}

enum class Form { bytes, utf8_mark, little, big };

/// By the byte order mark, else by where the zero bytes are.
Form form_of(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return Form::utf8_mark;
  if (bytes.starts_with("\xFF\xFE")) return Form::little;
  if (bytes.starts_with("\xFE\xFF")) return Form::big;
  std::array<std::size_t, 2> zeros{};
  const std::size_t looked = std::min<std::size_t>(bytes.size(), 4096) / 2 * 2;
  for (std::size_t i = 0; i < looked; ++i) zeros[i % 2] += bytes[i] == '\0';
  if (zeros[1] > looked / 4 && zeros[0] == 0) return Form::little;
  if (zeros[0] > looked / 4 && zeros[1] == 0) return Form::big;
  return Form::bytes;
}

/// What people hand over instead of a table.
void refuse_other_kinds(std::string_view bytes, const std::string& source) {
  std::string start(bytes.substr(0, 64));
  start.erase(0, start.find_first_not_of(" \t\r\n"));
  std::transform(start.begin(), start.end(), start.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  using namespace std::string_view_literals;
  if (bytes.starts_with("PK\x03\x04"sv)) {
    fail(source, "a ZIP archive or an Excel workbook, but must be a text table; save it as CSV.");
  }
  if (bytes.starts_with("\xD0\xCF\x11\xE0"sv)) {
    fail(source, "an old Excel workbook, but must be a text table; save it as CSV.");
  }
  if (bytes.starts_with("\x1F\x8B"sv)) {
    fail(source, "compressed by gzip, but must be a text table; unpack it with gunzip.");
  }
  if (start.starts_with("<!doctype") || start.starts_with("<html")) {
    fail(source, "a web page, but must be a text table; the download went wrong.");
  }
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv)) {
    fail(source, "UTF-32 text; save it as UTF-8.");
  }
}

std::string without_mark(std::string bytes, std::size_t length) {
  bytes.erase(0, length);
  return bytes;
}

Decoded decode_as(std::string bytes, const std::string& wanted, const std::string& source) {
  const Form form = form_of(bytes);
  const bool wide = form == Form::little || form == Form::big;
  if (wanted == "utf-16" || (wanted == "auto" && wide)) {
    const bool mark = bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
    return {from_utf16(std::string_view(bytes).substr(mark ? 2 : 0), form == Form::big, source),
            "utf-16"};
  }
  if (wanted == "latin-1") return {from_latin1(bytes), wanted};
  if (form == Form::utf8_mark) bytes = without_mark(std::move(bytes), 3);
  const std::size_t bad = first_not_utf8(bytes);
  if (bad == bytes.size()) return {std::move(bytes), "utf-8"};
  if (wanted == "auto") return {from_latin1(bytes), "latin-1"};
  fail(source, fmt::format("byte {} is no UTF-8; try --set data.encoding=latin-1.", bad + 1));
}

}  // namespace

Decoded decode(std::string bytes, const std::string& wanted, const std::string& source) {
  refuse_other_kinds(bytes, source);
  Decoded result = decode_as(std::move(bytes), wanted, source);
  if (const auto zero = result.text.find('\0'); zero != std::string::npos) {
    const auto line = std::count(result.text.begin(), result.text.begin() + zero, '\n') + 1;
    fail(source, fmt::format("row {} holds a zero byte; this is no text table.", line));
  }
  return result;
}

std::string shown(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++characters) {
    if (characters == most) return out + "...";
    const std::size_t length = utf8_length(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters as well.
    const bool control =
        byte < 0x20 || byte == 0x7f ||
        (byte == 0xc2 && length == 2 && static_cast<unsigned char>(text[i + 1]) < 0xa0);
    if (length == 0 || control) {
      out += fmt::format("\\x{:02x}", byte);
      i += 1;
      continue;
    }
    out += text.substr(i, length);
    i += length;
  }
  return out;
}

}  // namespace ergo::tables
