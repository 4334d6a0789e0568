// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/l2e_kinetic.h"

#include "core/base/torch.h"

namespace ergo {
namespace {

constexpr double normaliser_floor = 1e-5;

class NetworkKinetic final : public KineticGradient {
 public:
  explicit NetworkKinetic(const MetaParameters& phi)
      : alpha_multiplier_(phi.alpha_multiplier), beta_multiplier_(phi.beta_multiplier) {
    const L2eWeights& w = phi.weights;
    const auto tensor = [](const auto& data, std::vector<std::int64_t> shape) {
      return torch::from_blob(const_cast<float*>(data.data()), shape, torch::kFloat).clone();
    };
    weight_ = {tensor(w.w0, {l2e_width, l2e_features}), tensor(w.w1, {l2e_width, l2e_width}),
               tensor(w.w2, {2, l2e_width})};
    bias_ = {tensor(w.b0, {l2e_width}), tensor(w.b1, {l2e_width}), tensor(w.b2, {2})};
  }

  void evaluate(const KineticInputs& in, torch::Tensor* alpha, torch::Tensor& beta) const override {
    const torch::NoGradGuard no_grad;
    for (const BlockInfo& block : in.layout.blocks()) {
      const std::int64_t begin = block.offset, size = ParameterLayout::size_of(block);
      torch::Tensor h = features(in, begin, size);  // [chains, size, 9]
      for (std::size_t layer = 0; layer < 3; ++layer) {
        h = torch::matmul(h, weight_[layer].to(h.options()).t()) + bias_[layer].to(h.options());
        if (layer < 2) h = torch::relu(h);
      }
      if (alpha) alpha->slice(1, begin, begin + size).copy_(h.select(2, 0) * alpha_multiplier_);
      beta.slice(1, begin, begin + size).copy_(h.select(2, 1) * beta_multiplier_);
    }
  }

 private:
  static torch::Tensor features(const KineticInputs& in, std::int64_t begin, std::int64_t size) {
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

  double alpha_multiplier_, beta_multiplier_;
  std::array<torch::Tensor, 3> weight_, bias_;
};

}  // namespace

std::unique_ptr<KineticGradient> make_network_kinetic(const MetaParameters& phi) {
  return std::make_unique<NetworkKinetic>(phi);
}

}  // namespace ergo
