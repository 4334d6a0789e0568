// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/presets/preset.h"

namespace ergo {

/// The folder of shipped presets: $ERGOSCOPE_PRESETS, else beside the installed program,
/// else the source tree that this build came from.
std::filesystem::path preset_folder();

/// Ids of the shipped presets, sorted.
std::vector<std::string> preset_ids();

/// Where files with relative names in `preset` lie: its own folder, then that of shipped presets.
std::vector<std::filesystem::path> file_folders(const Preset& preset);

/// Loads an id, or a path (it contains `/` or ends in `.json`).
/// @throws Error{usage} for an unknown id (names the nearest), {no_input} for a missing file,
/// {data} for text that is not JSON, {config} for a schema this build cannot read.
Preset load_preset(const std::string& id_or_path);

}  // namespace ergo
