// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/config/field.h"
#include "core/samplers/l2e_kinetic.h"
#include "core/samplers/sampler.h"
#include "core/schedules/cosine_cycle.h"

namespace ergo {

/// Learning to Explore (Kim et al. 2024, arXiv:2408.09140): SGHMC whose kinetic-energy gradients
/// alpha, beta are a per-parameter network. With g = grad U / n, N = data_size,
/// eps = sqrt(step_multiplier / N), C = friction, m = noise_multiplier:
///   r'     = r - eps (N g + alpha(theta, r) + C beta(theta, r)) + s n,
///   theta' = theta + eps beta(theta, r')   (second evaluation: same g, theta and averages)
/// s = sqrt(2 C eps m) (paper) or sqrt(2 C m) (official code). The prior is part of grad U, also
/// while meta-training; the official code leaves it out there. With `schedule` = cosine, which is
/// no part of the paper, eps at transition t = 1..T is eps sqrt((1 + cos(pi (t - 1) / T)) / 2): the
/// steps of the deep ensemble.
struct L2eConfig {
  std::string meta_parameters = "meta/l2e-regression.safetensors";
  double step_multiplier = -1, noise_multiplier = -1, friction = -1;
  double alpha_multiplier = -1, beta_multiplier = -1, data_size = -1;
  std::string noise_form = "file", schedule = "file";
  template <class V>
  void visit(V&& v) {
    v("meta_parameters", meta_parameters,
      FieldInfo{.doc = "Safetensors file with phi; relative paths start at the preset's folder, "
                       "then at the folder of shipped presets.",
                .file = true});
    v("step_multiplier", step_multiplier,
      FieldInfo{.min = -1,
                .max = 1e12,
                .doc = "eps = sqrt(step_multiplier / data_size); -1: the file's."});
    v("noise_multiplier", noise_multiplier,
      FieldInfo{
          .min = -1, .max = 1e12, .doc = "m in the noise scale; 0: no noise, -1: the file's."});
    v("noise_form", noise_form,
      FieldInfo{.choices = {"file", "paper", "official"},
                .doc = "paper: s = sqrt(2 C eps m); official: s = sqrt(2 C m)."});
    v("schedule", schedule,
      FieldInfo{.choices = {"file", "constant", "cosine"},
                .doc = "eps along the run: constant as in the paper, or falling to zero along a "
                       "cosine, which is an extension."});
    v("friction", friction,
      FieldInfo{.min = -1, .max = 1e12, .doc = "C; -1: the file's.", .advanced = true});
    v("alpha_multiplier", alpha_multiplier,
      FieldInfo{.min = -1,
                .max = 1e12,
                .doc = "alpha = alpha_multiplier A; -1: the file's.",
                .advanced = true});
    v("beta_multiplier", beta_multiplier,
      FieldInfo{.min = -1,
                .max = 1e12,
                .doc = "beta = beta_multiplier B; -1: the file's.",
                .advanced = true});
    v("data_size", data_size,
      FieldInfo{.min = -1,
                .max = 1e18,
                .doc = "N; 0: the number of training data, -1: the file's.",
                .advanced = true});
  }
};

/// The numbers of one L2E update.
struct L2eUpdate {
  double step_size = 0, data_size = 0, friction = 0, noise_scale = 0;
};

/// The update with any (alpha, beta). state.extra[0] holds the averages [chains, 6, params];
/// `grad` is grad U (not divided), `noise` may be undefined when noise_scale is 0. Plain torch
/// operations; the reference of l2e_update_fused.
void l2e_update(ChainState& state, const torch::Tensor& grad, const torch::Tensor& noise,
                const KineticGradient& kinetic, const L2eUpdate& update, std::int64_t data_count,
                const ParameterLayout& layout);

/// A state at rest: momentum and averages zero.
ChainState l2e_state(torch::Tensor position, std::int64_t first_chain);

/// (alpha, beta) as nodes of an autograd graph.
using DifferentiableKinetic = std::function<KineticOutputs(const KineticInputs&)>;

/// l2e_update as a new state, none of its operations in place: part of the autograd graph of
/// what `kinetic` depends on, of the old state and of `grad` where that is a node of it.
ChainState l2e_transition(const ChainState& state, const torch::Tensor& grad,
                          const torch::Tensor& noise, const DifferentiableKinetic& kinetic,
                          const L2eUpdate& update, std::int64_t data_count,
                          const ParameterLayout& layout);

/// phi made ready for the fused update.
struct FusedL2e {
  explicit FusedL2e(const MetaParameters& phi);
  L2eNetwork network;
};

/// The same as l2e_update with the network of phi and the noise of transition step + 1, by
/// kernels/l2e_step.h; CPU, float32, contiguous.
void l2e_update_fused(ChainState& state, const torch::Tensor& grad, RngKey key, const FusedL2e& phi,
                      const L2eUpdate& update, std::int64_t data_count,
                      const ParameterLayout& layout);

/// The numbers that phi's dynamics give for n data, before any schedule.
L2eUpdate l2e_numbers(const L2eDynamics& phi, std::int64_t data_count);

/// The numbers of every transition.
class L2eNumbers {
 public:
  /// Always `update`.
  explicit L2eNumbers(const L2eUpdate& update) : update_(update) {}
  /// Those of phi for the data and the length that `context` names.
  L2eNumbers(const L2eDynamics& phi, const SamplerContext& context);
  bool constant() const { return !decay_; }
  L2eUpdate at(std::int64_t t) const;  ///< of transition t = 1, 2, ...

 private:
  L2eUpdate update_;
  bool noise_goes_by_eps_ = false;
  std::optional<CosineCycle> decay_;
};

/// L2E from meta-parameters already in memory, as meta-training uses it.
std::unique_ptr<Sampler> make_l2e(const MetaParameters& phi, const SamplerContext& context);

/// @throws Error naming the meta-parameter file, or a violated constraint.
std::unique_ptr<Sampler> make_l2e(const L2eConfig& config, const SamplerContext& context);

/// L2E with a given kinetic gradient; the identity tests use (alpha, beta) = (0, r).
std::unique_ptr<Sampler> make_l2e(std::shared_ptr<const KineticGradient> kinetic,
                                  const L2eNumbers& numbers, const SamplerContext& context);

/// The fields of a preset that are not -1 or "file" take the place of the file's.
void apply(const L2eConfig& config, L2eDynamics& dynamics);

}  // namespace ergo
