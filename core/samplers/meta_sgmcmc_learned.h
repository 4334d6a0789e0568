// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/config/field.h"
#include "core/samplers/learned_sampler.h"

namespace ergo {

/// What a training of Meta-SGMCMC fixes, written into the file's metadata; T = 1 with Gamma.
struct MetaSgmcmcDynamicsConfig {
  double step_multiplier = 0.01, friction = 10.0, q_constant = 1.0;
  std::int64_t hidden = 10;
  template <class V>
  void visit(V&& v) {
    v("step_multiplier", step_multiplier,
      FieldInfo{
          .min = 0, .max = 1e12, .open_min = true, .doc = "eps = sqrt(step_multiplier / n)."});
    v("friction", friction,
      FieldInfo{.min = 0, .max = 1e12, .doc = "const_D of D = const_D Q^2 + 50 |MLP_D|."});
    v("q_constant", q_constant,
      FieldInfo{.min = 0, .max = 1e12, .doc = "const_Q of Q = MLP_Q + const_Q."});
    v("hidden", hidden,
      FieldInfo{.min = 1, .max = 256, .doc = "Units of the hidden layer of Q and of D."});
  }
};

/// Names of LearnedSampler::initial, the default first.
inline const std::vector<std::string> meta_sgmcmc_initialisations = {"quiet", "random"};
inline constexpr const char* meta_sgmcmc_initialisation_doc =
    "random: truncated normal 1/sqrt(fan_in), biases 0. quiet: the same with a last layer a "
    "hundredth as large, near SGHMC with friction const_D.";

std::unique_ptr<LearnedSampler> make_learned_meta_sgmcmc(const MetaSgmcmcDynamicsConfig& config);

/// @throws as load_nnsghmc().
LoadedParameters load_learned_meta_sgmcmc(const std::filesystem::path& file);

}  // namespace ergo
