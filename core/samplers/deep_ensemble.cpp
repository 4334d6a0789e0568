// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/deep_ensemble.h"

#include "core/samplers/sghmc.h"
#include "core/schedules/cosine_cycle.h"

namespace ergo {
namespace {

class DeepEnsemble final : public Sampler {
 public:
  DeepEnsemble(const DeepEnsembleConfig& config, std::int64_t total_steps)
      : friction_(config.friction),
        total_(total_steps),
        cosine_(config.step_size, total_steps, 1) {}

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    const std::int64_t t = state.step + 1;
    return sghmc_transition(key, state, potential, {cosine_.step_size(t), friction_, 0.0});
  }

  DrawSchedule draw_schedule() const override {
    return [total = total_](std::int64_t t) { return t >= total; };
  }
  std::vector<TransitionSpan> collectable() const override { return {{.first = total_}}; }

 private:
  double friction_;
  std::int64_t total_;
  CosineCycle cosine_;
};

}  // namespace

std::unique_ptr<Sampler> make_deep_ensemble(const DeepEnsembleConfig& config,
                                            const SamplerContext& context) {
  return std::make_unique<DeepEnsemble>(config, context.total_steps);
}

}  // namespace ergo
