// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/assign.h"

#include <spdlog/fmt/fmt.h>

#include <cstdlib>
#include <filesystem>

#include "core/presets/parts.h"

namespace ergo {
namespace {

using nlohmann::json;

[[noreturn]] void unknown_field(const Preset& preset, const std::string& field,
                                const std::vector<Part>& list) {
  std::vector<std::string> known;
  for (const Part& part : list) {
    for (const Field& f : part.fields) {
      known.push_back(part.name.empty() ? f.name : part.name + "." + f.name);
    }
  }
  throw Error(ExitCode::usage, fmt::format("Field '{}' is unknown in preset '{}'{}", field,
                                           preset.id, nearest_hint(field, known)));
}

/// A file that a user names starts at the user's home for "~", else at the working folder if it is
/// there; else its name is looked up as one that stands in the preset.
std::string given(const Field& field, const std::string& text) {
  namespace fs = std::filesystem;
  if (!field.info.file || text.empty()) return text;
  fs::path path(text);
  const char* home = std::getenv("HOME");
  if (home && (text == "~" || text.starts_with("~/"))) path = home + text.substr(1);
  std::error_code error;
  if (!path.is_absolute() && !fs::exists(path, error)) return text;
  return fs::absolute(path).lexically_normal().string();
}

}  // namespace

void assign_field(Preset& preset, const std::string& field, const json* value,
                  const std::string& text) {
  const std::size_t dot = field.find('.');
  const std::string section = dot == std::string::npos ? "" : field.substr(0, dot);
  const std::string name = dot == std::string::npos ? field : field.substr(dot + 1);
  const std::vector<Part> list = parts(preset);
  for (const Part& part : list) {
    if (part.name != section) continue;
    for (const Field& f : part.fields) {
      if (f.name != name) continue;
      const json parsed =
          with_whole_numbers(f, value ? *value : parse_value(f, field, given(f, text)));
      if (std::string message = violation(f, field, parsed); !message.empty()) {
        throw Error(ExitCode::config, message);
      }
      if (!section_object(preset, section)) preset.document[section] = json::object();
      (*section_object(preset, section))[name] = parsed;
      return;
    }
  }
  unknown_field(preset, field, list);
}

}  // namespace ergo
