// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/base/control.h"
#include "core/base/error.h"
#include "core/distributed/options.h"
#include "core/events/events.h"
#include "core/presets/preset.h"

/// Meta-training of learned samplers (registry/learned.h). Free of torch.
namespace ergo {

struct MetaOptions {
  std::filesystem::path out;     ///< safetensors with the best meta-parameters
  std::filesystem::path resume;  ///< a `.state.safetensors`; empty, or out's own and missing: anew
  std::filesystem::path start;   ///< meta-parameters to begin with; empty: the initialisation
  std::uint64_t seed = 0;        ///< 0: the preset's
  int workers = 0;               ///< 0: one per core
  std::int64_t run = 1;
  bool force = false;                ///< replace an existing `out`
  DistributedOptions distributed{};  ///< this process's part in a job of several
};

struct MetaResult {
  std::string reason;  ///< "completed" or "stopped"
  std::int64_t iterations = 0;
  double best_score = undefined, seconds = 0.0;
  std::string phi_sha256;
  std::filesystem::path file;
  std::optional<Error> unsaved;  ///< why the files could not be written, also not in the end
  bool speaks = true;            ///< false in all processes of a job but rank 0
};

/// Meta-training by the trainer that the preset names. Emits MetaIteration and Progress, writes
/// `out`, `out.state.safetensors` and `out.log.csv` at every validation and at the end; a stop
/// keeps the best so far. Locks `out` (`out.lock`) before it begins; a checkpoint that cannot be
/// written is tried again at the next one. The processes of a job share the unrolls and all end
/// with the same result, bit for bit that of one process; rank 0 alone emits events, reads `resume`
/// and writes files.
/// @throws Error naming preset field or file; PeerLost when the job has lost a process, after
/// keeping what was done.
MetaResult meta_train(const Preset& preset, const MetaOptions& options, const EventSink& sink,
                      RunControl& control);

nlohmann::json to_json(const MetaResult& result);

/// Scores meta-parameters on the preset's frozen held-out families against SGHMC and cyclical
/// SGMCMC tuned on the preset's grid. @return {"families":[{"family","tasks","samplers":[...]}]}.
nlohmann::json evaluate_meta(const std::filesystem::path& file, const Preset& preset, int workers,
                             const EventSink& sink, RunControl& control);

/// The table of `evaluate_meta` as text.
std::string evaluation_table(const nlohmann::json& evaluation);

}  // namespace ergo
