// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/events/events.h"
#include "core/presets/setting_hash.h"

namespace ergo {

/// What a trainer keeps between iterations besides phi.
struct TrainerState {
  std::map<std::string, std::vector<double>> arrays;  ///< tensors of the checkpoint
  std::map<std::string, std::int64_t> counts;         ///< metadata of the checkpoint
};

/// Everything the next outer iteration needs: a resumed training continues bit for bit.
struct MetaState {
  std::vector<float> phi, mean_phi, best_phi;  ///< mean_phi: OuterConfig::averaging
  TrainerState trainer;
  std::int64_t iteration = 0;  ///< iterations done
  double best_score = undefined;
  double average = 0.0;             ///< exponential average of the meta-loss, biased
  std::int64_t best_iteration = 0;  ///< of best_phi
  std::vector<double> log;     ///< rows of (iteration, meta_loss, smoothed, score, gradient_norm)
  std::vector<double> scores;  ///< rows of (iteration, 1 for transfer, steps, value of the field
                               ///< that is chosen anew, score, standard error, diverged)
};
inline constexpr std::size_t meta_log_columns = 5, meta_score_columns = 7;

/// Atomic. `settings` tie the file to its preset and seed. @throws Error{io}.
void save_meta_state(const std::filesystem::path& file, const MetaState& state,
                     const SettingHash& settings);

/// @param bytes  of the file `source`  @param start  the state before the first iteration, whose
/// names and sizes the file must have.
/// @throws Error{data} for a bare parameter file, or one that another preset wrote.
MetaState read_meta_state(const std::string& bytes, const std::string& source,
                          const SettingHash& settings, const MetaState& start);

/// The training log as CSV.
std::string meta_log_csv(const MetaState& state);

/// The scores as CSV, each with its standard error.
std::string meta_scores_csv(const MetaState& state);

}  // namespace ergo
