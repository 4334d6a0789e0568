// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/files.h"

#include <algorithm>
#include <array>

#include "core/config/find_file.h"
#include "core/presets/store.h"

namespace ergo {
namespace {

bool names_a_file(const std::string& field) {
  constexpr std::array names = {"file",           "train_images",   "train_labels",
                                "test_images",    "test_labels",    "initial_positions",
                                "reference_file", "meta_parameters"};
  return std::find(names.begin(), names.end(), field) != names.end();
}

}  // namespace

std::vector<PresetFile> preset_files(const Preset& preset) {
  std::vector<PresetFile> files;
  for (const Section& section : sections(preset)) {
    for (const Field& field : section.fields) {
      if (!names_a_file(field.name)) continue;  // a seed "1" must not become the path of a file 1
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

}  // namespace ergo
