// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/window_trainer.h"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/torch.h"
#include "core/meta/outer_step.h"

namespace ergo {

WindowTrainer::WindowTrainer(const Training& training, OuterConfig outer)
    : training_(training), outer_(std::move(outer)) {}

TrainerState WindowTrainer::start() const { return Adam(training_.sampler->size()).state(); }

std::size_t WindowTrainer::questions() const {
  return static_cast<std::size_t>(training_.sections.loop.pairs);
}

std::vector<std::vector<double>> WindowTrainer::answers(
    const MetaState& state, const std::vector<std::size_t>& part) const {
  const UnrollPlace& place = training_.place;
  std::vector<std::vector<double>> answers(part.size());
  place.each(part.size(), [&](std::size_t j) {
    const Arm arm = training_.training_arm(state.iteration, part[j], state.phi);
    const torch::Tensor phi = torch::tensor(arm.phi).to(place.device());
    const WindowedLoss got = loss(arm, phi, place.control());
    answers[j] = {got.loss};
    answers[j].insert(answers[j].end(), got.gradient.begin(), got.gradient.end());
  });
  return answers;
}

TrainerStep WindowTrainer::update(MetaState& state,
                                  const std::vector<std::vector<double>>& answers) const {
  std::vector<double> losses, gradient(state.phi.size(), 0.0);
  for (const std::vector<double>& answer : answers) {
    losses.push_back(answer.at(0));
    for (std::size_t i = 0; i < gradient.size(); ++i)
      gradient[i] += answer.at(1 + i) / static_cast<double>(answers.size());
  }
  const double norm =
      outer_step(state, std::move(gradient), outer_, training_.sections.loop.iterations);
  return {shown_mean(losses), norm};
}

void WindowTrainer::require_window(const std::string& section, std::int64_t window,
                                   std::int64_t least, const std::string& name_of_least) const {
  const MetaConfig& loop = training_.sections.loop;
  const UnrollPlan shortest = training_.arm({}, nullptr, loop.steps_min, {}).plan;
  const auto fail = [&](const std::string& constraint) {
    throw Error(ExitCode::config, fmt::format("Field '{}.window' is {}, but must be {}.", section,
                                              window, constraint));
  };
  if (window < least) fail(fmt::format(">= {} = {}", name_of_least, least));
  if (const std::int64_t left = shortest.steps - shortest.burn_in; window > left) {
    fail(
        fmt::format("<= {}, the steps after the burn-in of the shortest unroll ('steps_min', "
                    "'burn_in_fraction')",
                    left));
  }
}

}  // namespace ergo
