// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/l2e_learned.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/torch.h"
#include "core/samplers/chain_noise.h"
#include "core/samplers/device_steps.h"
#include "core/samplers/l2e.h"
#include "core/samplers/truncated_normal.h"

namespace ergo {
namespace {

constexpr std::size_t average_feature = 5;  // m_0.9, the gradient average with decay 0.9
constexpr std::size_t beta_output = 1;
constexpr float small = 0.3f;  // scale of the random part beside a given path

/// B = sign * (normalised feature): hidden units 0 and 1 carry its positive and negative part.
void add_path(L2eWeights& w, std::size_t feature, float sign) {
  const auto first = static_cast<std::size_t>(w.hidden.first);
  const auto second = static_cast<std::size_t>(w.hidden.second);
  for (std::size_t unit = 0; unit < 2; ++unit) {
    std::fill_n(w.w0.data() + unit * l2e_features, l2e_features, 0.0f);
    std::fill_n(w.w1.data() + unit * first, first, 0.0f);
    const float part = unit == 0 ? 1.0f : -1.0f;
    w.w0[unit * l2e_features + feature] = part;
    w.w1[unit * first + unit] = 1.0f;
    w.w2[unit] = 0.0f;  // alpha stays out of it
    w.w2[beta_output * second + unit] = sign * part;
  }
}

/// All rows by the kernels of kernels/cuda, each with a network and numbers of its own.
class L2ePopulation final : public PopulationStep {
 public:
  L2ePopulation(const MetaParameters& dynamics, const std::vector<PopulationRow>& rows) {
    for (const PopulationRow& row : rows) {
      MetaParameters phi = dynamics;
      phi.set_flat(row.phi);
      networks_.push_back(FusedL2e(phi).network);
      updates_.push_back(l2e_numbers(phi, row.data_count));
      counts_.push_back(row.data_count);
      keys_.push_back(row.noise);
    }
  }

  ChainState init(torch::Tensor position) const override {
    ChainState state = l2e_state(std::move(position), 0);
    name_device_rows(state, keys_, std::vector<std::int64_t>(keys_.size(), 0));
    return state;
  }

  void move(ChainState& state, const torch::Tensor& grad,
            const ParameterLayout& layout) const override {
    DeviceL2eRows rows{{}, updates_, counts_};
    for (const L2eNetwork& network : networks_) rows.networks.push_back(&network);
    l2e_update_device(state, grad, {}, rows, layout);
  }

 private:
  std::vector<L2eNetwork> networks_;
  std::vector<L2eUpdate> updates_;
  std::vector<std::int64_t> counts_;
  std::vector<RngKey> keys_;
};

class LearnedL2e final : public LearnedSampler {
 public:
  explicit LearnedL2e(MetaParameters dynamics) : dynamics_(std::move(dynamics)) {}

  std::size_t size() const override { return dynamics_.size(); }

  std::vector<float> initial(const std::string& name, RngKey key) const override {
    MetaParameters parameters = dynamics_;
    L2eWeights& w = parameters.weights;
    if (name != "random" && std::min(w.hidden.first, w.hidden.second) < 2) {
      throw Error(ExitCode::config, fmt::format("Field 'dynamics.hidden' is {}, but initialisation "
                                                "'{}' needs two units in each layer.",
                                                to_string(w.hidden), name));
    }
    ScalarStream stream(key);
    const float scale = name == "random" ? 1.0f : small;
    fill_truncated(stream, w.w0, l2e_features, scale);
    fill_truncated(stream, w.w1, w.hidden.first, scale);
    fill_truncated(stream, w.w2, w.hidden.second, scale);
    if (name == "kinetic") add_path(w, l2e_momentum_feature, 1.0f);
    if (name == "descent") add_path(w, average_feature, -1.0f);
    return parameters.flat();
  }

  std::unique_ptr<Sampler> make(const std::vector<float>& phi,
                                const SamplerContext& context) const override {
    return make_l2e(with(phi), context);
  }

  void save(const std::filesystem::path& file, const std::vector<float>& phi,
            const std::map<std::string, std::string>& notes) const override {
    MetaParameters parameters = with(phi);
    parameters.metadata = notes;
    save_meta_parameters(file, parameters);
  }

  ChainState differentiable_step(const torch::Tensor& phi, RngKey key, const ChainState& state,
                                 Potential& potential,
                                 const SamplerContext& context) const override {
    const L2eUpdate update = L2eNumbers(dynamics_, context).at(state.step + 1);
    const KineticNetwork network(phi, dynamics_.weights.hidden, dynamics_.alpha_multiplier,
                                 dynamics_.beta_multiplier);
    const torch::Tensor noise = update.noise_scale > 0 ? chain_noise(key, state) : torch::Tensor();
    const auto kinetic = [&network](const KineticInputs& in) {
      return kinetic_outputs(network, in);
    };
    return l2e_transition(state, potential.evaluate(state.position).grad, noise, kinetic, update,
                          context.data_count, potential.layout());
  }

  std::unique_ptr<PopulationStep> population(
      const std::vector<PopulationRow>& rows) const override {
    // A captured transition has the numbers of one.
    if (dynamics_.schedule != StepSchedule::constant) return nullptr;
    if (!fits_device(FusedL2e(dynamics_).network)) return nullptr;
    return std::make_unique<L2ePopulation>(dynamics_, rows);
  }

 private:
  MetaParameters with(const std::vector<float>& phi) const {
    MetaParameters parameters = dynamics_;
    parameters.set_flat(phi);
    return parameters;
  }

  MetaParameters dynamics_;  ///< weights of no meaning
};

}  // namespace

L2eWidths widths_from(const L2eDynamicsConfig& config) {
  if (config.hidden.size() != 2) {
    throw Error(ExitCode::config,
                fmt::format("Field 'dynamics.hidden' is {}, but must be the two widths of the "
                            "hidden layers, as 32,32.",
                            fmt::join(config.hidden, ",")));
  }
  return {static_cast<int>(config.hidden[0]), static_cast<int>(config.hidden[1])};
}

L2eDynamics dynamics_from(const L2eDynamicsConfig& config) {
  L2eDynamics p;
  p.step_multiplier = config.step_multiplier;
  p.noise_multiplier = config.noise_multiplier;
  p.friction = config.friction;
  p.alpha_multiplier = config.alpha_multiplier;
  p.beta_multiplier = config.beta_multiplier;
  p.noise_form = noise_form_from(config.noise_form, "dynamics.noise_form");
  p.schedule = step_schedule_from(config.schedule, "dynamics.schedule");
  return p;
}

std::unique_ptr<LearnedSampler> make_learned_l2e(const L2eDynamicsConfig& config) {
  MetaParameters p;
  static_cast<L2eDynamics&>(p) = dynamics_from(config);
  p.weights = L2eWeights(widths_from(config));
  return std::make_unique<LearnedL2e>(std::move(p));
}

LoadedParameters load_learned_l2e(const std::filesystem::path& file) {
  MetaParameters parameters = load_meta_parameters(file);
  std::vector<float> phi = parameters.flat();
  return {std::make_unique<LearnedL2e>(std::move(parameters)), std::move(phi)};
}

}  // namespace ergo
