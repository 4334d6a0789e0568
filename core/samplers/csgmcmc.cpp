// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/csgmcmc.h"

#include "core/samplers/sghmc.h"
#include "core/schedules/cosine_cycle.h"

namespace ergo {
namespace {

class Csgmcmc final : public Sampler {
 public:
  Csgmcmc(const CsgmcmcConfig& config, std::int64_t total_steps)
      : config_(config), cycle_(config.step_size, total_steps, config.cycles) {}

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    const std::int64_t t = state.step + 1;
    const bool sampling = may_collect(t);
    const SghmcUpdate update{cycle_.step_size(t), config_.friction,
                             sampling ? config_.temperature : 0.0};
    TransitionInfo info = sghmc_transition(key, state, potential, update);
    info.collect = sampling;
    return info;
  }

  bool may_collect(std::int64_t t) const override {
    return cycle_.phase(t) >= 1.0 - config_.sampling_fraction - 1e-12;
  }

 private:
  CsgmcmcConfig config_;
  CosineCycle cycle_;
};

}  // namespace

std::unique_ptr<Sampler> make_csgmcmc(const CsgmcmcConfig& config, const SamplerContext& context) {
  return std::make_unique<Csgmcmc>(config, context.total_steps);
}

}  // namespace ergo
