// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/outer_step.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ergo {

void Adam::update(std::vector<float>& phi, const std::vector<double>& gradient, double rate) {
  constexpr double b1 = 0.9, b2 = 0.999, eps = 1e-8;
  ++steps;
  const double correction1 = 1.0 - std::pow(b1, static_cast<double>(steps));
  const double correction2 = 1.0 - std::pow(b2, static_cast<double>(steps));
  for (std::size_t i = 0; i < phi.size(); ++i) {
    m[i] = b1 * m[i] + (1.0 - b1) * gradient[i];
    v[i] = b2 * v[i] + (1.0 - b2) * gradient[i] * gradient[i];
    const double step = rate * (m[i] / correction1) / (std::sqrt(v[i] / correction2) + eps);
    phi[i] = static_cast<float>(static_cast<double>(phi[i]) - step);
  }
}

TrainerState Adam::state() const {
  return {{{"adam.m", m}, {"adam.v", v}}, {{"adam_steps", steps}}};
}

Adam Adam::from(const TrainerState& state) {
  Adam adam(0);
  adam.m = state.arrays.at("adam.m");
  adam.v = state.arrays.at("adam.v");
  adam.steps = state.counts.at("adam_steps");
  return adam;
}

double learning_rate_at(const OuterConfig& config, std::int64_t iteration,
                        std::int64_t iterations) {
  const double p =
      static_cast<double>(iteration) / static_cast<double>(std::max<std::int64_t>(1, iterations));
  return config.final_learning_rate + 0.5 * (config.learning_rate - config.final_learning_rate) *
                                          (1.0 + std::cos(std::numbers::pi * p));
}

double clip_gradient(std::vector<double>& gradient, double clip_norm) {
  double norm = 0.0;
  for (const double g : gradient) norm += g * g;
  norm = std::sqrt(norm);
  if (clip_norm > 0 && norm > clip_norm) {
    for (double& g : gradient) g *= clip_norm / norm;
  }
  return norm;
}

double outer_step(MetaState& state, std::vector<double> gradient, const OuterConfig& config,
                  std::int64_t iterations) {
  const double norm = clip_gradient(gradient, config.clip_norm);
  Adam adam = config.reset_moments ? Adam(state.phi.size()) : Adam::from(state.trainer);
  adam.update(state.phi, gradient, learning_rate_at(config, state.iteration, iterations));
  state.trainer = adam.state();
  const auto keep = static_cast<float>(config.averaging);
  for (std::size_t i = 0; i < state.phi.size(); ++i)
    state.mean_phi[i] = keep * state.mean_phi[i] + (1.0f - keep) * state.phi[i];
  return norm;
}

}  // namespace ergo
