// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>

#include "core/samplers/l2e.h"
#include "core/samplers/l2e_energy.h"
#include "core/samplers/l2e_learned.h"

namespace ergo {

/// L2E whose alpha and beta are the gradient of a learned scalar energy (samplers/l2e_energy.h);
/// update and fields as l2e's.
struct L2eScalarConfig : L2eConfig {
  L2eScalarConfig() { meta_parameters = "meta/l2e-scalar.safetensors"; }
};

std::unique_ptr<Sampler> make_l2e_scalar(const EnergyParameters& phi,
                                         const SamplerContext& context);

/// @throws Error naming the meta-parameter file, or a violated constraint.
std::unique_ptr<Sampler> make_l2e_scalar(const L2eScalarConfig& config,
                                         const SamplerContext& context);

/// Names of LearnedSampler::initial, the default first.
inline const std::vector<std::string> l2e_scalar_initialisations = {"kinetic", "random"};
inline constexpr const char* l2e_scalar_initialisation_doc =
    "random: truncated normal 1/sqrt(fan_in), biases 0, without the square of the momentum. "
    "kinetic: the same, small, plus half the square, so that beta is near the normalised momentum "
    "(SGHMC, whose beta is r).";

/// @throws as widths_from().
std::unique_ptr<LearnedSampler> make_learned_l2e_scalar(const L2eDynamicsConfig& config);

/// @throws as load_energy_parameters().
LoadedParameters load_learned_l2e_scalar(const std::filesystem::path& file);

}  // namespace ergo
