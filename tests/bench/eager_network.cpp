// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/torch.h"
#include "tests/bench/eager_peers.h"

namespace ergo::bench {

EagerNetwork::EagerNetwork(const Posterior& posterior)
    : noise_precision_(posterior.likelihood->row_numbers().front()) {
  const ParameterLayout& layout = posterior.layout;
  flat_ = torch::zeros({layout.size()});
  for (std::size_t b = 0; b < layout.blocks().size(); ++b) {
    const BlockInfo& block = layout.blocks()[b];
    const torch::Tensor view =
        flat_.narrow(0, block.offset, ParameterLayout::size_of(block)).view(block.shape);
    leaves_.push_back(view.detach().requires_grad_(true));
    precision_.push_back(1.0 / (posterior.prior[b].sd * posterior.prior[b].sd));
  }
  const Split& train = posterior.data->train;
  x_ = torch::tensor(train.x.values).to(torch::kFloat).view({train.x.count, train.x.shape.size()});
  y_ = torch::tensor(train.y).to(torch::kFloat).unsqueeze(1);
}

void EagerNetwork::set_position(const torch::Tensor& position) { flat_.copy_(position[0]); }

/// The likelihood term of U without its constant.
torch::Tensor EagerNetwork::energy() const {
  torch::Tensor h = x_;
  for (std::size_t l = 0; l + 1 < leaves_.size(); l += 2) {
    h = torch::linear(h, leaves_[l], leaves_[l + 1]);
    if (l + 2 < leaves_.size()) h = torch::tanh(h);
  }
  return (h - y_).square().sum() * (0.5 * noise_precision_);
}

const std::vector<torch::Tensor>& EagerNetwork::gradient_by_autograd() {
  const torch::AutoGradMode enable(true);
  torch::Tensor potential = energy();
  for (std::size_t p = 0; p < leaves_.size(); ++p) {
    potential = potential + leaves_[p].square().sum() * (0.5 * precision_[p]);
  }
  return gradients_ = torch::autograd::grad({potential}, leaves_);
}

const std::vector<torch::Tensor>& EagerNetwork::gradient_by_decay() {
  {
    const torch::AutoGradMode enable(true);
    gradients_ = torch::autograd::grad({energy()}, leaves_);
  }
  const torch::NoGradGuard no_grad;
  for (std::size_t p = 0; p < leaves_.size(); ++p) gradients_[p].add_(leaves_[p], precision_[p]);
  return gradients_;
}

}  // namespace ergo::bench
