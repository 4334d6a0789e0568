// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/block_info.h"
#include "core/base/control.h"
#include "core/events/events.h"
#include "core/presets/preset.h"
#include "core/run/agreement.h"
#include "core/run/convergence.h"

/// Runs a preset's samplers. Free of torch: the desktop and the command line both call this.
namespace ergo {

struct Predictions;
struct Reference;
class RunCheckpoints;
class TaskShare;
namespace io {
class ResultFolder;
}

struct Divergence {
  std::int64_t chain = 0, step = 0;
  std::string reason;
};

/// One sampler's outcome. `metrics` of a sampler without draws are all NaN.
struct SamplerResult {
  std::string id, label, status;  ///< status: "done", "stopped" or "diverged"
  std::int64_t chains = 0, draws = 0, gradient_evaluations = 0, data_points = 0;
  std::int64_t burn_in = 0, thin = 0;
  double seconds = 0.0;  ///< CPU time of its transitions; on a device, time with the device
  std::string draws_sha256;
  std::map<std::string, double> metrics;
  std::map<std::string, double> info;  ///< sampler's own figures: acceptance, final step size, ...
  SamplerConvergence convergence;      ///< its measures are among `metrics`
  std::vector<CurvePoint> curve;       ///< cost rises; empty where it was not asked for
  std::vector<Divergence> divergences;
  std::vector<Divergence> halts;  ///< chains cut short by the machine, as when memory runs out
  nlohmann::json config;
  Band band;                                       ///< regression on a grid only
  std::shared_ptr<const Predictions> predictions;  ///< of the test points, with save_predictions
  /// Kept positions, float32 little-endian, [draws][chains][params]; chains without divergence.
  std::shared_ptr<const std::vector<float>> positions;
  std::shared_ptr<const std::vector<double>>
      positions_f64;                                     ///< the same in a float64 run, else null
  std::int64_t draws_per_chain = 0, drawing_chains = 0;  ///< the first two axes of positions
};

/// The test points, original units.
struct TestPoints {
  std::vector<std::int64_t> rows;    ///< of the table, from 0
  std::vector<double> targets;       ///< [rows, targets]; regression
  std::vector<std::int64_t> labels;  ///< [rows]; classification
};

struct RunResult {
  std::string preset, device, dtype, reason;  ///< reason as in RunFinished
  std::uint64_t seed = 0;
  double wall_seconds = 0.0;
  std::int64_t parameters = 0, data_points = 0;
  std::vector<BlockInfo> layout;
  std::vector<SamplerResult> samplers;
  std::vector<std::string> notes;  ///< how the data were read, sentences
  std::vector<std::string> warnings;
  nlohmann::json resolved_preset, manifest;
  CurveData curve;
  TestPoints test;  ///< with save_predictions
  Band reference;
  nlohmann::json standardisation;  ///< statistics of the training data; null when not used
  std::shared_ptr<const Reference> reference_draws;  ///< null without a reference
  std::vector<PairAgreement> agreement;              ///< of every two samplers that predict
  bool all_diverged() const;
  bool cut_short() const;        ///< the machine ended a chain: its memory ran out
  bool has_convergence() const;  ///< R-hat and ESS were asked for
};

struct RunOptions {
  std::uint64_t seed = 1;
  int workers = 0;       ///< 0: one per core, one fewer (at least 1) with `live`
  bool live = false;     ///< a window is watching: emit derived pictures while chains run
  std::int64_t run = 1;  ///< number put into every event
  /// The job of several processes that this run is part of (run_share.h), or null. It outlives
  /// run().
  TaskShare* share = nullptr;
  /// Where the run keeps its checkpoints, and goes on from the newest (run_checkpoints.h); null:
  /// nowhere. In a job rank 0's alone. It outlives run().
  RunCheckpoints* checkpoints = nullptr;
};

/// Runs every sampler of the preset; returns what exists when stopped early.
/// Calls `sink` as events.h says and ends with RunFinished. Blocks; any thread.
/// The processes of a job share the chains and return the same result, but for the seconds; the
/// first one alone calls its sink.
/// @throws Error for bad presets, data and checkpoints, before RunStarted; of a job as
/// TaskShare::results().
RunResult run(const Preset& preset, const RunOptions& options, const EventSink& sink,
              RunControl& control);

/// The object that `--json` prints; NaN becomes null.
nlohmann::json to_json(const RunResult& result);

/// The result table as text, one row a sampler.
std::string table(const RunResult& result);

struct ArchiveOptions {
  bool force = false;  ///< replace a folder that is not empty
  bool save_positions = false;
};

/// Writes result.json, preset.json, manifest.json, CSVs and, if asked, positions; where there is no
/// room for all, none. @throws as ResultFolder, naming the file.
void archive(const RunResult& result, io::ResultFolder& folder, bool save_positions);
/// The same into a folder of its own.
void archive(const RunResult& result, const std::filesystem::path& folder,
             const ArchiveOptions& options);

}  // namespace ergo
