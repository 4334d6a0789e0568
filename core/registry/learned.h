// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/registry/registry.h"

/// The tables of meta-training. Adding a learned sampler or a trainer is one row here; a trainer
/// also has its maker in core/meta/trainer.cpp. Free of torch.
namespace ergo {

class LearnedSampler;  // samplers/learned_sampler.h
struct LoadedParameters;

struct LearnedSamplerRow {
  RegistryEntry entry;  ///< id as in the table of samplers; fields of the section `dynamics`
  std::vector<std::string>
      initialisations;  ///< names of LearnedSampler::initial; the default first
  std::string initialisation_doc;
  std::vector<std::string> trainers;  ///< ids of the trainers that fit; the default first
  /// @param dynamics the section's values. @throws Error{config} naming a field.
  std::unique_ptr<LearnedSampler> (*make)(const nlohmann::json& dynamics);
  /// @throws Error{no_input} or {data} naming the file.
  LoadedParameters (*load)(const std::filesystem::path& file);
};

const std::vector<LearnedSamplerRow>& learned_sampler_rows();
/// @throws Error{config} naming the field `sampler`.
const LearnedSamplerRow& learned_sampler_row(const std::string& id);

/// A trainer's id is the name of its section.
const std::vector<RegistryEntry>& trainer_entries();

/// The rows that the fields `sampler` and `trainer` of a preset name. A name that is unknown or
/// does not fit is refused by the checks of `loop` and stands for the first one here.
struct ChosenRows {
  const LearnedSamplerRow* sampler;
  const RegistryEntry* trainer;
  std::vector<Field> loop;  ///< MetaConfig, with the tables' choices
};
ChosenRows chosen_rows(const std::string& sampler, const std::string& trainer);

/// The fields of a trainer's section; its initialisations are the sampler's.
std::vector<Field> trainer_fields(const RegistryEntry& trainer, const LearnedSamplerRow& sampler);

}  // namespace ergo
