// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/meta_sgmcmc_learned.h"

#include <cmath>
#include <utility>

#include "core/base/torch.h"
#include "core/samplers/chain_noise.h"
#include "core/samplers/meta_sgmcmc.h"
#include "core/samplers/truncated_normal.h"

namespace ergo {
namespace {

class LearnedMetaSgmcmc final : public LearnedSampler {
 public:
  explicit LearnedMetaSgmcmc(NnsghmcParameters dynamics) : dynamics_(std::move(dynamics)) {}

  std::size_t size() const override { return dynamics_.size(); }

  std::vector<float> initial(const std::string& name, RngKey key) const override {
    NnsghmcParameters parameters = dynamics_;
    ScalarStream stream(key);
    const float last = name == "quiet" ? 0.01f : 1.0f;
    for (NnsghmcNetwork* net : {&parameters.q, &parameters.d}) {
      fill_truncated(stream, net->w0, net->inputs, 1.0f);
      fill_truncated(stream, net->w1, net->hidden, last);
    }
    return parameters.flat();
  }

  std::unique_ptr<Sampler> make(const std::vector<float>& phi,
                                const SamplerContext& context) const override {
    return make_meta_sgmcmc(with(phi), 1.0, true, context);
  }

  void save(const std::filesystem::path& file, const std::vector<float>& phi,
            const std::map<std::string, std::string>& notes) const override {
    NnsghmcParameters parameters = with(phi);
    parameters.metadata = notes;
    save_nnsghmc(file, parameters);
  }

  ChainState differentiable_step(const torch::Tensor& phi, RngKey key, const ChainState& state,
                                 Potential& potential,
                                 const SamplerContext& context) const override {
    const Evaluation& evaluation = potential.evaluate(state.position);
    const double eps =
        std::sqrt(dynamics_.step_multiplier / static_cast<double>(context.data_count));
    return meta_sgmcmc_transition(state, evaluation.potential, evaluation.grad,
                                  chain_noise(key, state), NnsghmcTensors(phi, dynamics_),
                                  {eps, 1.0, true}, context.data_count);
  }

 private:
  NnsghmcParameters with(const std::vector<float>& phi) const {
    NnsghmcParameters parameters = dynamics_;
    parameters.set_flat(phi);
    return parameters;
  }

  NnsghmcParameters dynamics_;  ///< weights of no meaning
};

}  // namespace

std::unique_ptr<LearnedSampler> make_learned_meta_sgmcmc(const MetaSgmcmcDynamicsConfig& config) {
  NnsghmcParameters parameters(config.hidden);
  parameters.step_multiplier = config.step_multiplier;
  parameters.friction = config.friction;
  parameters.q_constant = config.q_constant;
  return std::make_unique<LearnedMetaSgmcmc>(std::move(parameters));
}

LoadedParameters load_learned_meta_sgmcmc(const std::filesystem::path& file) {
  NnsghmcParameters parameters = load_nnsghmc(file);
  std::vector<float> phi = parameters.flat();
  return {std::make_unique<LearnedMetaSgmcmc>(std::move(parameters)), std::move(phi)};
}

}  // namespace ergo
