// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/presets/preset.h"

namespace ergo {

/// A field that names an existing file.
struct PresetFile {
  std::string field;           ///< as set_field() takes it
  std::filesystem::path path;  ///< absolute, normal
};

/// The files that a preset reads, in the order of its fields; without those that do not exist.
std::vector<PresetFile> preset_files(const Preset& preset);

/// The preset with those files named absolutely, so that it means the same in any folder.
Preset with_absolute_files(const Preset& preset);

}  // namespace ergo
