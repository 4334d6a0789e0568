// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/config/image_family.h"
#include "core/config/meta_config.h"
#include "core/presets/preset.h"
#include "core/presets/setting_hash.h"

namespace ergo {

/// A meta-training preset, typed.
struct MetaSections {
  MetaConfig loop;
  FamilyConfig family;
  ImageFamilyConfig images;  ///< loop.tasks = "images", as the next one
  TransferConfig transfer;
  std::vector<std::filesystem::path> folders;  ///< where relative file names start
  nlohmann::json trainer;                      ///< values of the trainer's section
  nlohmann::json dynamics;                     ///< values of the sampler's section
  EvaluationConfig evaluation;
  SettingHash settings;  ///< everything that decides the training's numbers
};

/// @throws Error{usage} for a preset of another kind, {config} for a violated constraint.
MetaSections meta_sections(const Preset& preset);

/// @throws Error{config} naming `field` unless `text` is an unsigned 64-bit decimal number.
std::uint64_t parse_seed(const std::string& text, const std::string& field);

}  // namespace ergo
