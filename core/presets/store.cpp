// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/store.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdlib>

#include "core/io/atomic_file.h"
#include "core/io/strict_json.h"
#include "core/presets/parts.h"
#include "core/presets/schema.h"
#include "core/presets/tuned.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t preset_size_limit = 1 << 20;

/// 4.0 and 1e5 of integer fields as integers, so that the document says what is used.
void write_whole_numbers(Preset& preset) {
  for (const Part& part : parts(preset)) {
    for (const Field& field : part.fields) {
      if (!part.object.contains(field.name)) continue;
      (*section_object(preset, part.name))[field.name] =
          with_whole_numbers(field, part.object[field.name]);
    }
  }
}

fs::path resolve(const std::string& id_or_path) {
  const bool is_path = id_or_path.find('/') != std::string::npos || id_or_path.ends_with(".json");
  if (is_path) return id_or_path;
  const std::vector<std::string> ids = preset_ids();
  if (std::find(ids.begin(), ids.end(), id_or_path) == ids.end()) {
    throw Error(ExitCode::usage,
                fmt::format("Preset '{}' is unknown{}", id_or_path, nearest_hint(id_or_path, ids)));
  }
  return preset_folder() / (id_or_path + ".json");
}

}  // namespace

fs::path preset_folder() {
  if (const char* given = std::getenv("ERGOSCOPE_PRESETS"); given && *given) return given;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path installed = program.parent_path().parent_path() / "share/ergoscope/presets";
    if (fs::is_directory(installed, error)) return installed;
  }
  return ERGO_SOURCE_PRESETS;
}

std::vector<std::string> preset_ids() {
  std::vector<std::string> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(preset_folder(), error)) {
    if (entry.path().extension() == ".json") ids.push_back(entry.path().stem().string());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<fs::path> file_folders(const Preset& preset) {
  return {preset.folder, preset_folder()};
}

Preset load_preset(const std::string& id_or_path) {
  const fs::path path = resolve(id_or_path);
  Preset preset;
  preset.id = path.stem().string();
  preset.folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  preset.document = io::parse_strict_json(io::read_file(path, preset_size_limit), path.string());
  check_shape(preset.document, path.string());
  require_none(problems(preset), path.string());
  write_whole_numbers(preset);
  apply_tuned(preset);
  return preset;
}

}  // namespace ergo
