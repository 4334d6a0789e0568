// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/eager_peers.h"

#include <cmath>

#include "core/base/torch.h"
#include "core/samplers/l2e_kinetic.h"

namespace ergo::bench {
namespace {

constexpr double floor_of_mean_square = 1e-5;

torch::Tensor decays() {
  return torch::tensor(std::vector<double>(l2e_decays.begin(), l2e_decays.end()))
      .to(torch::kFloat)
      .unsqueeze(1);
}

class ConcatenatedL2e final : public EagerL2e {
 public:
  ConcatenatedL2e(const Posterior& posterior, const MetaParameters& phi)
      : EagerL2e(posterior, phi) {
    const auto& blocks = posterior.layout.blocks();
    const std::int64_t params = posterior.layout.size();
    mean_ = torch::zeros({params, static_cast<std::int64_t>(blocks.size())});
    block_ = torch::empty({params}, torch::kLong);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::int64_t size = ParameterLayout::size_of(blocks[b]);
      const auto column = static_cast<std::int64_t>(b);
      mean_.narrow(0, blocks[b].offset, size).select(1, column).fill_(1.0 / double(size));
      block_.narrow(0, blocks[b].offset, size).fill_(column);
    }
    decay_ = decays();
  }

  void set_state(const ChainState& state) override {
    network_.set_position(state.position);
    momentum_ = state.momentum[0].clone();
    averages_ = state.extra[0][0].clone();
  }

  void step(const torch::Tensor& noise) override {
    std::vector<torch::Tensor> parts;
    for (const torch::Tensor& g : network_.gradient_by_decay()) parts.push_back(g.flatten());
    const torch::NoGradGuard no_grad;
    const torch::Tensor g = torch::cat(parts) / count_;
    averages_.mul_(decay_).add_((1.0 - decay_) * g);
    const torch::Tensor first = kinetic(g);
    momentum_.sub_(data_size_ * g + first.select(1, 0) + friction_ * first.select(1, 1), eps_);
    momentum_.add_(noise.defined() ? noise : torch::randn_like(momentum_), noise_scale_);
    network_.flat().add_(kinetic(g).select(1, 1), eps_);
  }

  torch::Tensor momentum() const override { return momentum_; }
  torch::Tensor averages() const override { return averages_; }

 private:
  torch::Tensor kinetic(const torch::Tensor& g) {
    const torch::Tensor x =
        torch::cat({torch::stack({g, network_.flat(), momentum_}), averages_});  // [9, params]
    const torch::Tensor mean = torch::mm(x.square(), mean_);                     // [9, blocks]
    const torch::Tensor scale = torch::rsqrt(mean + floor_of_mean_square).index_select(1, block_);
    return mlp((x * scale).t());
  }

  torch::Tensor momentum_, averages_, mean_, block_, decay_;
};

class LoopingL2e final : public EagerL2e {
 public:
  LoopingL2e(const Posterior& posterior, const MetaParameters& phi) : EagerL2e(posterior, phi) {}

  void set_state(const ChainState& state) override {
    network_.set_position(state.position);
    momentum_.clear();
    averages_.clear();
    std::int64_t offset = 0;
    for (const torch::Tensor& leaf : network_.leaves()) {
      const std::int64_t size = leaf.numel();
      momentum_.push_back(state.momentum[0].narrow(0, offset, size).view(leaf.sizes()).clone());
      std::vector<torch::Tensor> own;
      for (std::int64_t j = 0; j < 6; ++j) {
        own.push_back(state.extra[0][0][j].narrow(0, offset, size).view(leaf.sizes()).clone());
      }
      averages_.push_back(std::move(own));
      offset += size;
    }
  }

  void step(const torch::Tensor& noise) override {
    const std::vector<torch::Tensor>& gradients = network_.gradient_by_decay();
    const torch::NoGradGuard no_grad;
    std::int64_t offset = 0;
    for (std::size_t p = 0; p < gradients.size(); ++p) {
      torch::Tensor theta = network_.leaves()[p];
      torch::Tensor& r = momentum_[p];
      const torch::Tensor g = gradients[p] / count_;
      for (std::size_t j = 0; j < 6; ++j) {
        averages_[p][j].mul_(l2e_decays[j]).add_(g, 1.0 - l2e_decays[j]);
      }
      const torch::Tensor first = kinetic(g, p);
      r.sub_(data_size_ * g + first.select(1, 0).view_as(r) +
                 friction_ * first.select(1, 1).view_as(r),
             eps_);
      r.add_(noise.defined() ? noise.narrow(0, offset, r.numel()).view_as(r) : torch::randn_like(r),
             noise_scale_);
      theta.add_(kinetic(g, p).select(1, 1).view_as(theta), eps_);
      offset += r.numel();
    }
  }

  torch::Tensor momentum() const override { return flat(momentum_); }
  torch::Tensor averages() const override {
    std::vector<torch::Tensor> rows;
    for (std::size_t j = 0; j < 6; ++j) {
      std::vector<torch::Tensor> row;
      for (const auto& own : averages_) row.push_back(own[j]);
      rows.push_back(flat(row));
    }
    return torch::stack(rows);
  }

 private:
  static torch::Tensor flat(const std::vector<torch::Tensor>& list) {
    std::vector<torch::Tensor> parts;
    for (const torch::Tensor& part : list) parts.push_back(part.flatten());
    return torch::cat(parts);
  }

  torch::Tensor kinetic(const torch::Tensor& g, std::size_t p) {
    std::vector<torch::Tensor> features = {g, network_.leaves()[p], momentum_[p]};
    features.insert(features.end(), averages_[p].begin(), averages_[p].end());
    for (torch::Tensor& f : features) {
      f = (f * torch::rsqrt(f.square().mean() + floor_of_mean_square)).flatten();
    }
    return mlp(torch::stack(features, 1));
  }

  std::vector<torch::Tensor> momentum_;
  std::vector<std::vector<torch::Tensor>> averages_;
};

}  // namespace

EagerL2e::EagerL2e(const Posterior& posterior, const MetaParameters& phi) : network_(posterior) {
  const auto tensor = [](const auto& values, torch::IntArrayRef shape) {
    return torch::from_blob(const_cast<float*>(values.data()), shape, torch::kFloat).clone();
  };
  const L2eWeights& w = phi.weights;
  const torch::Tensor scale =
      torch::tensor({phi.alpha_multiplier, phi.beta_multiplier}).to(torch::kFloat);
  weight_ = {tensor(w.w0, {32, 9}).t().contiguous(), tensor(w.w1, {32, 32}).t().contiguous(),
             tensor(w.w2, {2, 32}).t().contiguous() * scale};
  bias_ = {tensor(w.b0, {32}), tensor(w.b1, {32}), tensor(w.b2, {2}) * scale};
  count_ = static_cast<double>(posterior.data_count());
  data_size_ = phi.data_size > 0 ? phi.data_size : count_;
  eps_ = std::sqrt(phi.step_multiplier / data_size_);
  friction_ = phi.friction;
  const double form = phi.noise_form == NoiseForm::paper ? eps_ : 1.0;
  noise_scale_ = std::sqrt(2.0 * friction_ * form * phi.noise_multiplier);
}

torch::Tensor EagerL2e::mlp(const torch::Tensor& x) const {
  const torch::Tensor h0 = torch::addmm(bias_[0], x, weight_[0]).relu_();
  const torch::Tensor h1 = torch::addmm(bias_[1], h0, weight_[1]).relu_();
  return torch::addmm(bias_[2], h1, weight_[2]);
}

std::unique_ptr<EagerL2e> make_concatenated_l2e(const Posterior& posterior,
                                                const MetaParameters& phi) {
  return std::make_unique<ConcatenatedL2e>(posterior, phi);
}

std::unique_ptr<EagerL2e> make_looping_l2e(const Posterior& posterior, const MetaParameters& phi) {
  return std::make_unique<LoopingL2e>(posterior, phi);
}

}  // namespace ergo::bench
