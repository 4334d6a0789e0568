// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/sgld.h"

#include <cmath>

#include "core/samplers/device_steps.h"
#include "core/samplers/sghmc.h"

namespace ergo {
namespace {

/// SGHMC that forgets its momentum at once: with h = sqrt(eps) and friction 1 / h the momentum is
/// -h grad U + sqrt(2 T) n and the position moves by h times that. So SGLD has SGHMC's one pass
/// over memory and its CUDA kernel. The old momentum stays in by its rounding, 1e-7 of it in
/// float32.
class Sgld final : public Sampler {
 public:
  explicit Sgld(const SgldConfig& config)
      : step_size_(config.step_size),
        update_{std::sqrt(config.step_size), 1.0 / std::sqrt(config.step_size),
                config.temperature} {}

  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    TransitionInfo info = sghmc_transition(key, state, potential, update_);
    info.step_size = step_size_;
    return info;
  }
  bool repeats(const ChainState& state) const override { return runs_on_device(state.position); }

 private:
  double step_size_;
  SghmcUpdate update_;
};

}  // namespace

std::unique_ptr<Sampler> make_sgld(const SgldConfig& config, const SamplerContext&) {
  return std::make_unique<Sgld>(config);
}

}  // namespace ergo
