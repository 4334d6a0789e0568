// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/l2e_energy.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/torch.h"
#include "core/samplers/chain_noise.h"
#include "core/samplers/parameter_file.h"

namespace ergo {
namespace {

constexpr const char* id = "l2e_scalar";
constexpr double normaliser_floor = 1e-5;
constexpr std::int64_t position_feature = 1;

/// Calls visit(name, shape, first, count) for each tensor in file order.
template <class Weights, class F>
void for_each_tensor(Weights& w, F&& visit) {
  using Shape = std::vector<std::int64_t>;
  const std::int64_t first = w.hidden.first, second = w.hidden.second;
  visit("layers.0.weight", Shape{first, l2e_features}, w.w0.data());
  visit("layers.0.bias", Shape{first}, w.b0.data());
  visit("layers.1.weight", Shape{second, first}, w.w1.data());
  visit("layers.1.bias", Shape{second}, w.b1.data());
  visit("layers.2.weight", Shape{1, second}, w.w2.data());
  visit("momentum_square", Shape{1}, &w.momentum_square);
}

std::int64_t size_of(const std::vector<std::int64_t>& shape) {
  std::int64_t size = 1;
  for (const std::int64_t extent : shape) size *= extent;
  return size;
}

/// The quantities of a block, [chains, size] each, and one over their rms, [chains, 1].
struct Block {
  std::vector<torch::Tensor> rows, scale;
};

Block block_of(const KineticInputs& in, std::int64_t begin, std::int64_t size) {
  Block block;
  const auto add = [&](const torch::Tensor& whole) {
    block.rows.push_back(whole.slice(1, begin, begin + size));
    block.scale.push_back(
        torch::rsqrt(block.rows.back().detach().square().mean(1, true) + normaliser_floor));
  };
  add(in.gradient);
  add(in.position);
  add(in.momentum);
  for (std::int64_t j = 0; j < in.averages.size(1); ++j) add(in.averages.select(1, j));
  return block;
}

/// dG/dx_theta and dG/dx_r at x [chains, size, 9].
std::pair<torch::Tensor, torch::Tensor> slopes(const torch::Tensor& phi, const EnergyWeights& like,
                                               const torch::Tensor& x) {
  std::vector<torch::Tensor> t;
  std::int64_t at = 0;
  for_each_tensor(like, [&](const char*, const auto& shape, const float*) {
    const std::int64_t size = size_of(shape);
    t.push_back(phi.slice(0, at, at + size).reshape(shape).to(x.options()));
    at += size;
  });
  const auto slope = [](const torch::Tensor& z) {
    const torch::Tensor s = torch::sigmoid(z);
    return s * (1.0 + z * (1.0 - s));
  };
  const torch::Tensor z0 = torch::matmul(x, t[0].t()) + t[1];
  const torch::Tensor z1 = torch::matmul(z0 * torch::sigmoid(z0), t[2].t()) + t[3];
  const torch::Tensor back = torch::matmul(t[4].select(0, 0) * slope(z1), t[2]) * slope(z0);
  return {torch::matmul(back, t[0].select(1, position_feature)),
          torch::matmul(back, t[0].select(1, l2e_momentum_feature)) +
              t[5] * x.select(2, l2e_momentum_feature)};
}

class EnergyKinetic final : public KineticGradient {
 public:
  explicit EnergyKinetic(const EnergyParameters& phi)
      : parameters_(phi), flat_(torch::tensor(phi.flat())) {}

  void evaluate(const KineticInputs& in, torch::Tensor* alpha, torch::Tensor& beta) const override {
    const torch::NoGradGuard no_grad;
    if (runs_as_loop(in.position) && in.position.scalar_type() == torch::kFloat) {
      by_kernel(in, alpha, beta);
      return;
    }
    const KineticOutputs out = energy_outputs(flat_, parameters_, in);
    if (alpha) alpha->copy_(out.alpha);
    beta.copy_(out.beta);
  }

 private:
  void by_kernel(const KineticInputs& in, torch::Tensor* alpha, torch::Tensor& beta) const {
    const std::int64_t chains = in.position.size(0), params = in.position.size(1);
    for (std::int64_t c = 0; c < chains; ++c) {
      for (const BlockInfo& info : in.layout.blocks()) {
        const std::int64_t at = c * params + info.offset;
        const EnergyInputs inputs = inputs_of(in, c, info);
        const float ratio = inputs.scale[position_feature] / inputs.scale[l2e_momentum_feature];
        energy_gradient(
            parameters_.weights, inputs, static_cast<float>(parameters_.alpha_multiplier) * ratio,
            static_cast<float>(parameters_.beta_multiplier),
            alpha ? alpha->data_ptr<float>() + at : nullptr, beta.data_ptr<float>() + at);
      }
    }
  }

  static EnergyInputs inputs_of(const KineticInputs& in, std::int64_t chain,
                                const BlockInfo& info) {
    const std::int64_t params = in.position.size(1), at = chain * params + info.offset;
    EnergyInputs inputs;
    inputs.count = ParameterLayout::size_of(info);
    inputs.rows = {in.gradient.data_ptr<float>() + at, in.position.data_ptr<float>() + at,
                   in.momentum.data_ptr<float>() + at};
    for (std::int64_t j = 0; j < l2e_averages; ++j)
      inputs.rows[static_cast<std::size_t>(3 + j)] =
          in.averages.data_ptr<float>() + (chain * l2e_averages + j) * params + info.offset;
    for (std::size_t j = 0; j < inputs.rows.size(); ++j)
      inputs.scale[j] = one_over_rms(inputs.rows[j], inputs.count);
    return inputs;
  }

  static float one_over_rms(const float* values, std::int64_t count) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < count; ++i)
      sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    return static_cast<float>(1.0 / std::sqrt(normaliser_floor + sum / static_cast<double>(count)));
  }

  EnergyParameters parameters_;
  torch::Tensor flat_;
};

}  // namespace

std::size_t EnergyParameters::size() const {
  std::size_t size = 0;
  for_each_tensor(weights, [&size](const char*, const auto& shape, const float*) {
    size += static_cast<std::size_t>(size_of(shape));
  });
  return size;
}

std::vector<float> EnergyParameters::flat() const {
  std::vector<float> phi;
  for_each_tensor(weights, [&phi](const char*, const auto& shape, const float* values) {
    phi.insert(phi.end(), values, values + size_of(shape));
  });
  return phi;
}

void EnergyParameters::set_flat(const std::vector<float>& phi) {
  const float* next = phi.data();
  for_each_tensor(weights, [&next](const char*, const auto& shape, float* values) {
    std::copy_n(next, size_of(shape), values);
    next += size_of(shape);
  });
}

EnergyParameters load_energy_parameters(const std::filesystem::path& file) {
  io::SafeTensors archive = io::load_safetensors(file);
  const std::string source = file.string();
  require_parameters_of(archive.metadata, id, source);
  EnergyParameters phi;
  if (const auto it = archive.metadata.find("hidden"); it != archive.metadata.end())
    phi.weights = EnergyWeights(widths_from(it->second, source));
  std::vector<std::string> names;
  for_each_tensor(phi.weights, [&](const char* name, const auto&...) { names.push_back(name); });
  phi.warnings = passed_over(archive, names, source);
  for_each_tensor(phi.weights, [&](const char* name, const auto& shape, float* values) {
    const std::vector<float> read = parameter_tensor(archive, name, shape, source);
    std::copy(read.begin(), read.end(), values);
  });
  read_dynamics(phi, archive.metadata, source);
  return phi;
}

void save_energy_parameters(const std::filesystem::path& file, const EnergyParameters& phi) {
  io::SafeTensors archive;
  archive.metadata = dynamics_metadata(phi, id, phi.weights.hidden);
  for_each_tensor(phi.weights, [&](const char* name, const auto& shape, const float* values) {
    archive.arrays.push_back(
        io::from_floats(name, shape, std::vector<float>(values, values + size_of(shape))));
  });
  io::save_safetensors(file, archive);
}

KineticOutputs energy_outputs(const torch::Tensor& phi, const EnergyParameters& like,
                              const KineticInputs& in) {
  std::vector<torch::Tensor> alpha, beta;
  for (const BlockInfo& info : in.layout.blocks()) {
    const Block block = block_of(in, info.offset, ParameterLayout::size_of(info));
    std::vector<torch::Tensor> x;
    for (std::size_t j = 0; j < block.rows.size(); ++j) x.push_back(block.rows[j] * block.scale[j]);
    const auto [by_position, by_momentum] = slopes(phi, like.weights, torch::stack(x, 2));
    const torch::Tensor ratio = block.scale[position_feature] / block.scale[l2e_momentum_feature];
    alpha.push_back(by_position * ratio * like.alpha_multiplier);
    beta.push_back(by_momentum * like.beta_multiplier);
  }
  return {torch::cat(alpha, 1), torch::cat(beta, 1)};
}

std::unique_ptr<KineticGradient> make_energy_kinetic(const EnergyParameters& phi) {
  return std::make_unique<EnergyKinetic>(phi);
}

}  // namespace ergo
