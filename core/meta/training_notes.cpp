// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/training_notes.h"

#include <spdlog/fmt/fmt.h>

#include "core/meta/scores.h"

namespace ergo {

std::map<std::string, std::string> training_notes(const Training& training,
                                                  const std::string& preset, const MetaState& state,
                                                  const TaskFamily* transfer) {
  const MetaConfig& loop = training.sections.loop;
  const Score score = training_score_at(state, state.best_iteration);
  std::map<std::string, std::string> notes = {
      {"family", training.family->name()},
      {"preset", preset},
      {"trainer", loop.trainer},
      {"seed", fmt::format("{}", training.seed)},
      {"iterations", fmt::format("{}", state.iteration)},
      {"best_iteration", fmt::format("{}", state.best_iteration)},
      {"score", fmt::format("{}", transfer ? score.mean : state.best_score)},
      {"score_standard_error", fmt::format("{}", score.standard_error)},
      {"draws", fmt::format("{}", loop.draws)},
      {"unroll_steps", fmt::format("{}-{}", loop.steps_min, loop.steps_max)},
      {"burn_in_fraction", fmt::format("{}", loop.burn_in_fraction)}};
  std::map<std::string, std::string> sets = training.family->data_sha256();
  if (transfer) {
    notes["transfer_score"] = fmt::format("{}", state.best_score);
    notes["transfer_family"] = transfer->name();
    sets.merge(transfer->data_sha256());
  }
  std::string hashes;
  for (const auto& [name, sha256] : sets)
    hashes += fmt::format("{}{}:{}", hashes.empty() ? "" : ",", name, sha256);
  if (!hashes.empty()) notes["datasets_sha256"] = hashes;
  return notes;
}

}  // namespace ergo
