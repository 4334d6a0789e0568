// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/purpose.h"
#include "core/meta/es.h"
#include "core/meta/outer_step.h"
#include "core/meta/trainer.h"

namespace ergo {
namespace {

/// Question 2p is L(phi + sigma v_p), question 2p + 1 is L(phi - sigma v_p).
class EsTrainer final : public Trainer {
 public:
  explicit EsTrainer(const Training& training)
      : training_(training),
        config_(read_config<EsConfig>(training.sections.trainer, "es.", "preset")) {}

  TrainerState start() const override { return Adam(training_.sampler->size()).state(); }

  std::size_t questions() const override {
    return 2 * static_cast<std::size_t>(training_.sections.loop.pairs);
  }

  std::vector<std::vector<double>> answers(const MetaState& state,
                                           const std::vector<std::size_t>& part) const override {
    const auto make = [&](std::size_t question) { return arm(state, question); };
    std::vector<std::vector<double>> answers;
    for (const double loss : training_.place.losses(part, make)) answers.push_back({loss});
    return answers;
  }

  TrainerStep update(MetaState& state,
                     const std::vector<std::vector<double>>& answers) const override {
    std::vector<double> losses;
    for (const std::vector<double>& answer : answers) losses.push_back(answer.at(0));
    std::vector<PairLoss> pairs;
    for (std::size_t p = 0; p < losses.size(); p += 2) pairs.push_back({losses[p], losses[p + 1]});
    const double norm =
        outer_step(state, es_gradient(key(), state.iteration, pairs, state.phi.size(), config_),
                   config_, training_.sections.loop.iterations);
    return {shown_mean(losses), norm};
  }

  std::string remedy() const override { return "dynamics.step_multiplier or es.sigma"; }

 private:
  RngKey key() const { return purpose_key(training_.seed, Purpose::es_perturbation); }

  /// Both arms of a pair meet the same task, initial position and noise.
  Arm arm(const MetaState& state, std::size_t question) const {
    const std::size_t pair = question / 2;
    const float sign = question % 2 == 0 ? 1.0f : -1.0f;
    std::vector<float> phi = state.phi;
    const std::vector<float> v =
        es_direction(key(), state.iteration, static_cast<std::int64_t>(pair), phi.size());
    const float step = sign * static_cast<float>(config_.sigma);
    for (std::size_t i = 0; i < phi.size(); ++i) phi[i] += step * v[i];
    return training_.training_arm(state.iteration, pair, std::move(phi));
  }

  const Training& training_;
  EsConfig config_;
};

}  // namespace

std::unique_ptr<Trainer> make_es_trainer(const Training& training) {
  return std::make_unique<EsTrainer>(training);
}

}  // namespace ergo
