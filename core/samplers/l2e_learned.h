// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/config/field.h"
#include "core/kernels/l2e_network.h"
#include "core/samplers/learned_sampler.h"
#include "core/samplers/meta_parameters.h"

namespace ergo {

/// What a training of L2E fixes: the dynamics and the network, written into the file's metadata.
struct L2eDynamicsConfig {
  double step_multiplier = 0.5, noise_multiplier = 1e-3, friction = 0.1;
  double alpha_multiplier = 1e-3, beta_multiplier = 1e-3;
  std::string noise_form = "paper", schedule = "constant";
  std::vector<std::int64_t> hidden = {32, 32};
  template <class V>
  void visit(V&& v) {
    v("step_multiplier", step_multiplier,
      FieldInfo{
          .min = 0, .max = 1e12, .open_min = true, .doc = "eps = sqrt(step_multiplier / n)."});
    v("noise_multiplier", noise_multiplier,
      FieldInfo{.min = 0, .max = 1e12, .doc = "m of the noise scale."});
    v("noise_form", noise_form,
      FieldInfo{.choices = {"paper", "official"},
                .doc = "paper: sqrt(2 C eps m); official: sqrt(2 C m)."});
    v("schedule", schedule,
      FieldInfo{.choices = {"constant", "cosine"},
                .doc = "eps along an unroll: constant as in the paper, or falling to zero along a "
                       "cosine, which is an extension."});
    v("friction", friction, FieldInfo{.min = 0, .max = 1e12, .doc = "C."});
    v("alpha_multiplier", alpha_multiplier,
      FieldInfo{.min = 0, .max = 1e12, .doc = "alpha = alpha_multiplier A."});
    v("beta_multiplier", beta_multiplier,
      FieldInfo{.min = 0, .max = 1e12, .doc = "beta = beta_multiplier B."});
    v("hidden", hidden,
      FieldInfo{.min = 1,
                .max = l2e_most_width,
                .doc = "Widths of the two hidden layers of phi's network; 32,32 is the paper's, "
                       "16,16 costs about a third."});
  }
};

/// Names of LearnedSampler::initial, the default first.
inline const std::vector<std::string> l2e_initialisations = {"kinetic", "descent", "random"};
inline constexpr const char* l2e_initialisation_doc =
    "random: truncated normal 1/sqrt(fan_in), biases 0 (official). The others: the same, small, "
    "plus "
    "a path through two hidden units that makes B the normalised momentum (kinetic: near SGHMC, "
    "whose beta is r) or minus the normalised gradient average m_0.9 (descent).";

/// @throws Error{config} naming dynamics.hidden unless it has two entries.
L2eWidths widths_from(const L2eDynamicsConfig& config);
L2eDynamics dynamics_from(const L2eDynamicsConfig& config);

/// @throws as widths_from().
std::unique_ptr<LearnedSampler> make_learned_l2e(const L2eDynamicsConfig& config);

/// @throws as load_meta_parameters().
LoadedParameters load_learned_l2e(const std::filesystem::path& file);

}  // namespace ergo
