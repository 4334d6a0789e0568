// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/l2e_kinetic.h"

#include <torch/torch.h>

#include <Eigen/Core>
#include <cmath>

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

class BlockedKinetic final : public KineticGradient {
 public:
  explicit BlockedKinetic(const MetaParameters& phi)
      : weights_(phi.weights) {
    // The multipliers scale the last layer once instead of every output.
    const auto alpha = static_cast<float>(phi.alpha_multiplier);
    const auto beta = static_cast<float>(phi.beta_multiplier);
    for (int i = 0; i < l2e_width; ++i) {
      weights_.w2[i] *= alpha;
      weights_.w2[l2e_width + i] *= beta;
    }
    weights_.b2[0] *= alpha;
    weights_.b2[1] *= beta;
  }

  void evaluate(const KineticInputs& in, torch::Tensor* alpha, torch::Tensor& beta) const override {
    const std::int64_t chains = in.position.size(0), params = in.position.size(1);
    for (std::int64_t c = 0; c < chains; ++c) {
      std::array<const float*, l2e_features> row = rows(in, c, params);
      for (const BlockInfo& block : in.layout.blocks()) {
        const std::int64_t size = ParameterLayout::size_of(block);
        std::array<const float*, l2e_features> features = row;
        std::array<float, l2e_features> scale;
        for (int f = 0; f < l2e_features; ++f) {
          features[f] += block.offset;
          scale[f] = inverse_rms(features[f], size);
        }
        const std::int64_t at = c * params + block.offset;
        l2e_network(weights_, features, scale, size,
                    alpha ? alpha->data_ptr<float>() + at : nullptr, beta.data_ptr<float>() + at);
      }
    }
  }

 private:
  static std::array<const float*, l2e_features> rows(const KineticInputs& in, std::int64_t c,
                                                     std::int64_t params) {
    std::array<const float*, l2e_features> row{};
    row[0] = in.gradient.data_ptr<float>() + c * params;
    row[1] = in.position.data_ptr<float>() + c * params;
    row[2] = in.momentum.data_ptr<float>() + c * params;
    for (int j = 0; j < 6; ++j) row[3 + j] = in.averages.data_ptr<float>() + (c * 6 + j) * params;
    return row;
  }

  static float inverse_rms(const float* data, std::int64_t size) {
    const Eigen::Map<const Eigen::ArrayXf> values(data, size);
    const float mean = values.square().sum() / static_cast<float>(size);
    return 1.0f / std::sqrt(mean + static_cast<float>(normaliser_floor));
  }

  L2eWeights weights_;
};

}  // namespace

std::unique_ptr<KineticGradient> make_network_kinetic(const MetaParameters& phi) {
  return std::make_unique<NetworkKinetic>(phi);
}

std::unique_ptr<KineticGradient> make_blocked_kinetic(const MetaParameters& phi) {
  return std::make_unique<BlockedKinetic>(phi);
}

}  // namespace ergo
