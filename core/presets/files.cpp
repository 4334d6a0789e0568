// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/files.h"

#include "core/config/find_file.h"
#include "core/presets/store.h"

namespace ergo {

std::vector<PresetFile> preset_files(const Preset& preset) {
  std::vector<PresetFile> files;
  for (const Section& section : sections(preset)) {
    for (const Field& field : section.fields) {
      if (!field.info.file) continue;
      const std::string name = field.value.get<std::string>();
      const auto file = find_file(name, file_folders(preset));
      std::error_code error;
      if (name.empty() || !std::filesystem::is_regular_file(file, error)) continue;
      files.push_back({section.name.empty() ? field.name : section.name + "." + field.name,
                       std::filesystem::absolute(file).lexically_normal()});
    }
  }
  return files;
}

Preset with_absolute_files(const Preset& preset) {
  Preset copy = preset;
  for (const PresetFile& file : preset_files(preset)) {
    set_field(copy, file.field, file.path.string());
  }
  return copy;
}

}  // namespace ergo
