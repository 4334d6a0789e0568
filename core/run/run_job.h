// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/presets/preset.h"

namespace ergo {

/// What a run was asked to do, as its checkpoints keep it. Free of torch.
struct RunJob {
  Preset preset;
  std::vector<std::uint64_t> seeds;  ///< one after the other
  bool series = false;               ///< of several seeds, or of one that wants a mean
  bool save_positions = false;
  std::vector<std::uint64_t> done;  ///< of several seeds: those whose results are in the folder
};

/// The preset with every value that was used; files are named absolutely, so that it runs from
/// any folder, and the tuned table is dropped, because its values have been applied.
nlohmann::json resolved_document(const Preset& preset);

/// With the preset as it is and, absolutely, the files that it names.
nlohmann::json to_json(const RunJob& job);
/// @throws std::exception when it is none.
RunJob job_from(const nlohmann::json& object);

/// The first difference that changes draws or results, as a sentence's beginning: "Field 'draws' is
/// 4, but 8"; empty where there is none. How often checkpoints are made is no difference.
std::string difference(const RunJob& given, const RunJob& stored);

}  // namespace ergo
