// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace ergo {

/// The whole of `text` as a decimal number, never by the locale: "1.5", "-2e3", "7". Empty when it
/// is anything else: spaces, a '+', a second number, a decimal comma, a number T has no room for, a
/// sign or a point where T has none. A floating-point T takes "nan" and "inf" too.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// `text` without a leading '+', which people write and parse_number() refuses; "+-1" stays wrong.
inline std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

}  // namespace ergo
