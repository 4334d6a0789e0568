// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/config/run_config.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// Builds the sampler of a preset's sampler section (common fields are ignored here).
/// @throws Error{usage} for an unknown id (names the nearest), or what the sampler's maker throws.
std::unique_ptr<Sampler> make_sampler(const std::string& id, const nlohmann::json& section,
                                      const SamplerContext& context);

/// The common fields of a sampler section.
SamplerRunConfig sampler_run_config(const nlohmann::json& section);

}  // namespace ergo
