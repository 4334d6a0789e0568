// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/events/events.h"
#include "core/meta/es.h"
#include "core/presets/setting_hash.h"
#include "core/samplers/meta_parameters.h"

namespace ergo {

/// Everything the next outer iteration needs: a resumed training continues bit for bit.
struct MetaState {
  explicit MetaState(std::size_t size) : adam(size) {}
  std::vector<float> phi, mean_phi, best_phi;  ///< mean_phi: EsConfig::averaging
  Adam adam;
  std::int64_t iteration = 0;  ///< iterations done
  double best_score = undefined;
  double average = 0.0;     ///< exponential average of the meta-loss, biased
  std::vector<double> log;  ///< rows of (iteration, meta_loss, smoothed, score, gradient_norm)
};
inline constexpr std::size_t meta_log_columns = 5;

/// First phi of a training. @throws nothing: `kind` was checked by the field list.
std::vector<float> initial_phi(const std::string& kind, RngKey key);

/// Atomic. `settings` tie the file to its preset and seed. @throws Error{io}.
void save_meta_state(const std::filesystem::path& file, const MetaState& state,
                     const SettingHash& settings);

/// @throws Error{data} for a bare parameter file, or one that another preset wrote.
MetaState load_meta_state(const std::filesystem::path& file, const SettingHash& settings);

/// The training log as CSV.
std::string meta_log_csv(const MetaState& state);

}  // namespace ergo
