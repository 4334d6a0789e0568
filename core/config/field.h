// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/error.h"

/// One field list per config struct drives the form, the JSON, the `--set` flags and the checks.
///
/// A config struct offers `template <class V> void visit(V&& v)` that calls
/// `v("name", member, FieldInfo{...})` once per field, in the order a form shows them.
namespace ergo {

/// A value that forms offer for a text field, which takes others too.
struct Suggestion {
  std::string value, explanation;
};

struct FieldInfo {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool open_min = false;               ///< true: the value must be > min, not >= min
  std::vector<std::string> choices{};  ///< allowed spellings of a string field; empty: any text
  std::string unit{};                  ///< "nats", "steps", "mm", ...; empty: no unit
  std::string doc{};      ///< one sentence: meaning, and what 0 means where it is special
  bool advanced = false;  ///< forms fold it away
  std::vector<Suggestion> suggestions{};  ///< of a text field
  bool file = false;  ///< a text field that names a file; where it lies: find_file()
};

enum class FieldType { real, integer, boolean, text, choice, integer_list, real_list };

/// A field as forms and flags see it: name, type, constraints and present value.
struct Field {
  std::string name;
  FieldType type = FieldType::text;
  FieldInfo info;
  nlohmann::json value;
};

/// A violated constraint; `message` is a whole sentence that names field, value and constraint.
struct Problem {
  std::string field;
  std::string message;
  ExitCode code = ExitCode::config;  ///< usage for an unknown field
};

/// Checks `value` against type and range. @return the sentence, or empty when it is fine.
std::string violation(const Field& field, const std::string& path, const nlohmann::json& value);

/// 4.0 and 1e5 as integers, where `field` wants integers; violation() takes them for such.
nlohmann::json with_whole_numbers(const Field& field, nlohmann::json value);

/// Parses what a user typed, never by the locale; numbers may begin with a '+'.
/// Lists are written `40,40`. @throws Error{usage} naming the field and the expected type.
nlohmann::json parse_value(const Field& field, const std::string& path, std::string_view text);

/// Ends a sentence: "; did you mean 'x'?" for the closest of `known` (edit distance), or ".".
std::string nearest_hint(std::string_view word, const std::vector<std::string>& known);

namespace detail {
template <class T>
constexpr FieldType field_type(bool has_choices) {
  if constexpr (std::is_same_v<T, bool>)
    return FieldType::boolean;
  else if constexpr (std::is_same_v<T, double>)
    return FieldType::real;
  else if constexpr (std::is_integral_v<T>)
    return FieldType::integer;
  else if constexpr (std::is_same_v<T, std::vector<double>>)
    return FieldType::real_list;
  else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>)
    return FieldType::integer_list;
  else
    return has_choices ? FieldType::choice : FieldType::text;
}
}  // namespace detail

/// The field list of `config` with its present values.
template <class Config>
std::vector<Field> fields_of(Config config) {
  std::vector<Field> list;
  config.visit([&list](const char* name, auto& member, FieldInfo info) {
    using T = std::decay_t<decltype(member)>;
    const FieldType type = detail::field_type<T>(!info.choices.empty());
    list.push_back({name, type, std::move(info), nlohmann::json(member)});
  });
  return list;
}

template <class Config>
nlohmann::json to_json(const Config& config) {
  nlohmann::json object = nlohmann::json::object();
  for (const Field& field : fields_of(config)) object[field.name] = field.value;
  return object;
}

/// All violations of a JSON object against a field list: unknown keys, types and ranges.
/// `prefix` is put before each name in the messages ("sghmc." for instance).
std::vector<Problem> problems(const std::vector<Field>& fields, const nlohmann::json& object,
                              const std::string& prefix);

/// @throws Error with the first of `list`, when there is one; `source` names the preset.
void require_none(const std::vector<Problem>& list, const std::string& source);

/// Fills a config from a JSON object; keys that are absent keep the defaults.
/// @throws Error{config} on an unknown key, a wrong type or a value out of range.
template <class Config>
Config read_config(const nlohmann::json& object, const std::string& prefix,
                   const std::string& source) {
  Config config;
  require_none(problems(fields_of(config), object, prefix), source);
  config.visit([&object](const char* name, auto& member, const FieldInfo&) {
    if (auto it = object.find(name); it != object.end()) it->get_to(member);
  });
  return config;
}

/// The same from an object that holds fields of others too, which are ignored.
template <class Config>
Config read_known(const nlohmann::json& object, const std::string& prefix,
                  const std::string& source) {
  nlohmann::json own = nlohmann::json::object();
  for (const Field& field : fields_of(Config{})) {
    if (object.contains(field.name)) own[field.name] = object.at(field.name);
  }
  return read_config<Config>(own, prefix, source);
}

}  // namespace ergo
