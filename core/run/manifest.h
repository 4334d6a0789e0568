// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>

#include "core/run/experiment.h"

namespace ergo {

/// What only the caller of a run knows.
struct RunFacts {
  std::uint64_t seed = 0;
  nlohmann::json files_sha256;  ///< as file_hashes() gives them when the run begins
  int workers = 1, processes = 1;
};

/// SHA-256 of the content of every file that the preset names, but for data, which have a hash of
/// their own: {"l2e.meta_parameters": "...", ...}.
nlohmann::json file_hashes(const Preset& preset);

/// Versions, instruction set and hashes: what a repetition of the run must match.
nlohmann::json make_versions(const Experiment& experiment);

/// The versions, and the seed, the files, where and when the run was.
nlohmann::json make_manifest(const Experiment& experiment, const RunFacts& facts);

}  // namespace ergo
