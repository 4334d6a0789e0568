// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/l2e_scalar.h"

#include <utility>

#include "core/base/torch.h"
#include "core/config/find_file.h"
#include "core/samplers/chain_noise.h"
#include "core/samplers/truncated_normal.h"

namespace ergo {
namespace {

constexpr float small = 0.3f;  // scale of the random part beside the square

class LearnedL2eScalar final : public LearnedSampler {
 public:
  explicit LearnedL2eScalar(EnergyParameters dynamics) : dynamics_(std::move(dynamics)) {}

  std::size_t size() const override { return dynamics_.size(); }

  std::vector<float> initial(const std::string& name, RngKey key) const override {
    EnergyParameters parameters = dynamics_;
    EnergyWeights& w = parameters.weights;
    ScalarStream stream(key);
    const float scale = name == "random" ? 1.0f : small;
    fill_truncated(stream, w.w0, l2e_features, scale);
    fill_truncated(stream, w.w1, w.hidden.first, scale);
    fill_truncated(stream, w.w2, w.hidden.second, scale);
    w.momentum_square = name == "random" ? 0.0f : 1.0f;
    return parameters.flat();
  }

  std::unique_ptr<Sampler> make(const std::vector<float>& phi,
                                const SamplerContext& context) const override {
    return make_l2e_scalar(with(phi), context);
  }

  void save(const std::filesystem::path& file, const std::vector<float>& phi,
            const std::map<std::string, std::string>& notes) const override {
    EnergyParameters parameters = with(phi);
    parameters.metadata = notes;
    save_energy_parameters(file, parameters);
  }

  ChainState differentiable_step(const torch::Tensor& phi, RngKey key, const ChainState& state,
                                 Potential& potential,
                                 const SamplerContext& context) const override {
    const L2eUpdate update = L2eNumbers(dynamics_, context).at(state.step + 1);
    const torch::Tensor noise = update.noise_scale > 0 ? chain_noise(key, state) : torch::Tensor();
    const auto kinetic = [&](const KineticInputs& in) {
      return energy_outputs(phi, dynamics_, in);
    };
    return l2e_transition(state, potential.evaluate(state.position).grad, noise, kinetic, update,
                          context.data_count, potential.layout());
  }

 private:
  EnergyParameters with(const std::vector<float>& phi) const {
    EnergyParameters parameters = dynamics_;
    parameters.set_flat(phi);
    return parameters;
  }

  EnergyParameters dynamics_;  ///< weights of no meaning
};

}  // namespace

std::unique_ptr<Sampler> make_l2e_scalar(const EnergyParameters& phi,
                                         const SamplerContext& context) {
  return make_l2e(std::shared_ptr<const KineticGradient>(make_energy_kinetic(phi)),
                  L2eNumbers(phi, context), context);
}

std::unique_ptr<Sampler> make_l2e_scalar(const L2eScalarConfig& config,
                                         const SamplerContext& context) {
  EnergyParameters phi = load_energy_parameters(
      require_file("l2e_scalar.meta_parameters", config.meta_parameters, context.folders));
  if (context.warnings) {
    context.warnings->insert(context.warnings->end(), phi.warnings.begin(), phi.warnings.end());
  }
  apply(config, phi);
  return make_l2e_scalar(phi, context);
}

std::unique_ptr<LearnedSampler> make_learned_l2e_scalar(const L2eDynamicsConfig& config) {
  EnergyParameters parameters;
  static_cast<L2eDynamics&>(parameters) = dynamics_from(config);
  parameters.weights = EnergyWeights(widths_from(config));
  return std::make_unique<LearnedL2eScalar>(std::move(parameters));
}

LoadedParameters load_learned_l2e_scalar(const std::filesystem::path& file) {
  EnergyParameters parameters = load_energy_parameters(file);
  std::vector<float> phi = parameters.flat();
  return {std::make_unique<LearnedL2eScalar>(std::move(parameters)), std::move(phi)};
}

}  // namespace ergo
