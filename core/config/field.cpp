// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/field.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/base/number.h"

namespace ergo {
namespace {

constexpr std::size_t longest_list = 1000, longest_name = 200;

/// 4.0 and 1e5 are whole numbers, too, as far as a double holds all of them.
bool is_integer(const nlohmann::json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const auto x = value.get<double>();
  return std::trunc(x) == x && std::abs(x) <= 9007199254740992.0;
}

const char* type_name(FieldType type) {
  switch (type) {
    case FieldType::real:
      return "a number";
    case FieldType::integer:
      return "an integer";
    case FieldType::boolean:
      return "true or false";
    case FieldType::text:
      return "text";
    case FieldType::choice:
      return "text";
    case FieldType::integer_list:
      return "a list of integers";
    case FieldType::real_list:
      return "a list of numbers";
  }
  return "a value";
}

bool has_type(FieldType type, const nlohmann::json& value) {
  const auto all = [&value](auto predicate) {
    return value.is_array() && std::all_of(value.begin(), value.end(), predicate);
  };
  switch (type) {
    case FieldType::real:
      return value.is_number();
    case FieldType::integer:
      return is_integer(value);
    case FieldType::boolean:
      return value.is_boolean();
    case FieldType::text:
    case FieldType::choice:
      return value.is_string();
    case FieldType::integer_list:
      return all(is_integer);
    case FieldType::real_list:
      return all([](const nlohmann::json& v) { return v.is_number(); });
  }
  return false;
}

std::string range_text(const FieldInfo& info) {
  std::string text;
  if (std::isfinite(info.min)) text = fmt::format("{} {}", info.open_min ? ">" : ">=", info.min);
  if (!std::isfinite(info.min) && !std::isfinite(info.max)) return "finite";
  if (std::isfinite(info.max)) {
    text += fmt::format("{}<= {}", text.empty() ? "" : " and ", info.max);
  }
  return text;
}

bool in_range(const FieldInfo& info, double x) {
  return std::isfinite(x) && x <= info.max && (info.open_min ? x > info.min : x >= info.min);
}

std::string range_violation(const Field& field, const std::string& path,
                            const nlohmann::json& value) {
  const auto bad = [&field](const nlohmann::json& v) {
    return v.is_number() && !in_range(field.info, v.get<double>());
  };
  const bool violated =
      value.is_array() ? std::any_of(value.begin(), value.end(), bad) : bad(value);
  if (!violated) return {};
  return fmt::format("Field '{}' is {}, but must be {}.", path, value.dump(),
                     range_text(field.info));
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

template <class T>
nlohmann::json number_of(std::string_view text, const std::string& message) {
  if (const std::optional<T> value = parse_number<T>(without_plus(text))) return *value;
  if constexpr (std::is_integral_v<T>) {  // 1e5 and 4.0
    const nlohmann::json number = number_of<double>(text, message);
    if (is_integer(number)) return number.get<T>();
  }
  throw Error(ExitCode::usage, message);
}

template <class T>
nlohmann::json parse_list(std::string_view text, const std::string& message) {
  nlohmann::json list = nlohmann::json::array();
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    list.push_back(number_of<T>(item, message));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return list;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string violation(const Field& field, const std::string& path, const nlohmann::json& value) {
  if (value.is_array() && value.size() > longest_list) {
    return fmt::format("Field '{}' is a list of {} values, but must hold at most {}.", path,
                       value.size(), longest_list);
  }
  if (!has_type(field.type, value)) {
    return fmt::format("Field '{}' is {}, but must be {}.", path, value.dump(),
                       type_name(field.type));
  }
  if (field.type == FieldType::choice) {
    const auto& choices = field.info.choices;
    if (std::find(choices.begin(), choices.end(), value.get<std::string>()) == choices.end()) {
      return fmt::format("Field '{}' is {}, but must be one of {}.", path, value.dump(),
                         join(choices));
    }
  }
  return range_violation(field, path, value);
}

nlohmann::json with_whole_numbers(const Field& field, nlohmann::json value) {
  const auto whole = [](nlohmann::json& number) {
    if (number.is_number_float() && is_integer(number)) number = number.get<std::int64_t>();
  };
  if (field.type == FieldType::integer) whole(value);
  if (field.type == FieldType::integer_list && value.is_array()) {
    for (nlohmann::json& number : value) whole(number);
  }
  return value;
}

nlohmann::json parse_value(const Field& field, const std::string& path, std::string_view text) {
  const std::string message = fmt::format("Field '{}' cannot be set to '{}': expected {}.", path,
                                          text, type_name(field.type));
  switch (field.type) {
    case FieldType::real:
      return number_of<double>(text, message);
    case FieldType::integer:
      return number_of<std::int64_t>(text, message);
    case FieldType::real_list:
      return parse_list<double>(text, message);
    case FieldType::integer_list:
      return parse_list<std::int64_t>(text, message);
    case FieldType::boolean:
      if (text == "true" || text == "1") return true;
      if (text == "false" || text == "0") return false;
      throw Error(ExitCode::usage, message);
    case FieldType::text:
    case FieldType::choice:
      return std::string(text);
  }
  throw Error(ExitCode::usage, message);
}

std::string nearest_hint(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > longest_name) return ".";  // no misspelling of anything
  const std::string* best = nullptr;
  std::size_t best_distance = word.size() / 2 + 2;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = &candidate;
    }
  }
  return best ? fmt::format("; did you mean '{}'?", *best) : std::string(".");
}

std::vector<Problem> problems(const std::vector<Field>& fields, const nlohmann::json& object,
                              const std::string& prefix) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  std::vector<Problem> list;
  for (const auto& [key, value] : object.items()) {
    const auto it = std::find(names.begin(), names.end(), key);
    const std::string path = prefix + key;
    std::string message =
        it == names.end()
            ? fmt::format("Field '{}' is unknown{}", path, nearest_hint(key, names))
            : violation(fields[static_cast<std::size_t>(it - names.begin())], path, value);
    const ExitCode code = it == names.end() ? ExitCode::usage : ExitCode::config;
    if (!message.empty()) list.push_back({path, std::move(message), code});
  }
  return list;
}

void require_none(const std::vector<Problem>& list, const std::string& source) {
  if (list.empty()) return;
  throw Error(list.front().code, fmt::format("{}: {}", source, list.front().message));
}

}  // namespace ergo
