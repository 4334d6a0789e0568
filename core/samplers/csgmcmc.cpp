// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/csgmcmc.h"

#include <algorithm>
#include <ranges>

#include "core/samplers/sghmc.h"
#include "core/schedules/cosine_cycle.h"

namespace ergo {
namespace {

class Csgmcmc final : public Sampler {
 public:
  Csgmcmc(const CsgmcmcConfig& config, std::int64_t total_steps)
      : config_(config),
        cycle_(config.step_size, total_steps, config.cycles),
        samples_([cycle = cycle_, begin = 1.0 - config.sampling_fraction - 1e-12](std::int64_t t) {
          return cycle.phase(t) >= begin;
        }) {}

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    const std::int64_t t = state.step + 1;
    const SghmcUpdate update{cycle_.step_size(t), config_.friction,
                             samples_(t) ? config_.temperature : 0.0};
    return sghmc_transition(key, state, potential, update);
  }

  DrawSchedule draw_schedule() const override { return samples_; }

  /// The phase rises through a cycle: its collected part begins at one point and ends with it.
  std::vector<TransitionSpan> collectable() const override {
    const auto within = std::views::iota(std::int64_t{1}, cycle_.length() + 1);
    const auto first =
        std::ranges::partition_point(within, [this](std::int64_t t) { return !samples_(t); });
    if (first == within.end()) return {};
    std::vector<TransitionSpan> spans;
    for (std::int64_t c = 0; c < config_.cycles; ++c)
      spans.push_back({c * cycle_.length() + *first, (c + 1) * cycle_.length()});
    return spans;
  }

 private:
  CsgmcmcConfig config_;
  CosineCycle cycle_;
  DrawSchedule samples_;
};

}  // namespace

std::unique_ptr<Sampler> make_csgmcmc(const CsgmcmcConfig& config, const SamplerContext& context) {
  return std::make_unique<Csgmcmc>(config, context.total_steps);
}

}  // namespace ergo
