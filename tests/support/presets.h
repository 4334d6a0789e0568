// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/presets/preset.h"

/// Small preset documents and the files that go with them.
namespace ergo::test {

/// 24 points of a sine, a network of 6 hidden units, 80 evaluations and 4 draws of SGHMC.
nlohmann::json small_regression();

/// The same with all five samplers; expects "phi.safetensors" beside the preset.
nlohmann::json all_samplers();

/// Meta-training that takes a few milliseconds an iteration.
nlohmann::json small_meta();

/// The same on images, with a transfer score; expects the sets "seen" and "unseen" beside it.
nlohmann::json small_image_meta();

/// A set of random images with labels 0, 1, 2, 0, ... as a folder of IDX files, not compressed.
void write_image_set(const std::filesystem::path& folder, std::uint64_t seed, std::uint32_t count,
                     std::uint32_t side);

void write_text(const std::filesystem::path& file, const std::string& text);

/// Writes the document as `folder`/`name` and loads it.
Preset save_and_load(const std::filesystem::path& folder, const std::string& name,
                     const nlohmann::json& document);

struct PhiOptions {
  std::uint64_t seed = 1;
  double alpha_multiplier = 0.05, beta_multiplier = 0.05, friction = 0.1;
  double noise_multiplier = 0.001, step_multiplier = 0.5, data_size = 24;
  std::string noise_form = "2*friction*noise_multiplier";
  std::int64_t first = 32, second = 32;  ///< hidden units; others than 32 go into the metadata
};

/// Random meta-parameters in the format of the published ones.
void write_phi(const std::filesystem::path& file, const PhiOptions& options = {});

/// IDX bytes: magic 0x0000080d, extents, data.
std::string idx_bytes(const std::vector<std::uint32_t>& shape, const std::string& data);

}  // namespace ergo::test
