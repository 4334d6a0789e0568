// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/l2e_kinetic.h"

#include "core/base/torch.h"

namespace ergo {
namespace {

constexpr double normaliser_floor = 1e-5;

/// The nine features of one block, [chains, size, 9].
torch::Tensor features(const KineticInputs& in, std::int64_t begin, std::int64_t size) {
  std::vector<torch::Tensor> list;
  const auto add = [&list, begin, size](const torch::Tensor& whole) {
    const torch::Tensor part = whole.slice(1, begin, begin + size);
    list.push_back(part * torch::rsqrt(part.square().mean(1, true) + normaliser_floor));
  };
  add(in.gradient);
  add(in.position);
  add(in.momentum);
  for (std::int64_t j = 0; j < in.averages.size(1); ++j) add(in.averages.select(1, j));
  return torch::stack(list, 2);
}

class NetworkKinetic final : public KineticGradient {
 public:
  explicit NetworkKinetic(const MetaParameters& phi)
      : network_(torch::tensor(phi.flat()), phi.weights.hidden, phi.alpha_multiplier,
                 phi.beta_multiplier) {}

  void evaluate(const KineticInputs& in, torch::Tensor* alpha, torch::Tensor& beta) const override {
    const torch::NoGradGuard no_grad;
    const KineticOutputs out = kinetic_outputs(network_, in);
    if (alpha) alpha->copy_(out.alpha);
    beta.copy_(out.beta);
  }

 private:
  KineticNetwork network_;
};

}  // namespace

KineticNetwork::KineticNetwork(const torch::Tensor& phi, L2eWidths hidden, double alpha,
                               double beta)
    : alpha_multiplier(alpha), beta_multiplier(beta) {
  const std::array<std::int64_t, 4> widths = {l2e_features, hidden.first, hidden.second, 2};
  std::int64_t at = 0;
  for (std::size_t layer = 0; layer < 3; ++layer) {
    const std::int64_t in = widths[layer], out = widths[layer + 1];
    weight[layer] = phi.slice(0, at, at + out * in).reshape({out, in});
    bias[layer] = phi.slice(0, at + out * in, at + out * in + out);
    at += out * in + out;
  }
}

KineticOutputs kinetic_outputs(const KineticNetwork& network, const KineticInputs& in) {
  std::vector<torch::Tensor> alpha, beta;
  for (const BlockInfo& block : in.layout.blocks()) {
    torch::Tensor h = features(in, block.offset, ParameterLayout::size_of(block));
    for (std::size_t layer = 0; layer < 3; ++layer) {
      h = torch::matmul(h, network.weight[layer].to(h.options()).t()) +
          network.bias[layer].to(h.options());
      if (layer < 2) h = torch::relu(h);
    }
    alpha.push_back(h.select(2, 0) * network.alpha_multiplier);
    beta.push_back(h.select(2, 1) * network.beta_multiplier);
  }
  return {torch::cat(alpha, 1), torch::cat(beta, 1)};
}

std::unique_ptr<KineticGradient> make_network_kinetic(const MetaParameters& phi) {
  return std::make_unique<NetworkKinetic>(phi);
}

}  // namespace ergo
