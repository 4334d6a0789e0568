// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/assign.h"

#include <spdlog/fmt/fmt.h>

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
      const json parsed = value ? *value : parse_value(f, field, text);
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
