// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/eager_conv.h"

#include "core/base/torch.h"

namespace ergo::bench {

EagerConv::EagerConv(const Posterior& posterior, std::size_t depth, const torch::Tensor& position)
    : depth_(depth) {
  const Split& train = posterior.data->train;
  images_ =
      torch::tensor(train.x.values)
          .to(torch::kFloat)
          .view({train.x.count, train.x.shape.channels, train.x.shape.height, train.x.shape.width});
  labels_ = torch::tensor(train.labels).to(torch::kLong);
  const auto& blocks = posterior.layout.blocks();
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const torch::Tensor leaf =
        position[0].narrow(0, blocks[b].offset, ParameterLayout::size_of(blocks[b]));
    leaves_.push_back(leaf.reshape(blocks[b].shape).clone().requires_grad_(true));
    precision_.push_back(1.0 / (posterior.prior[b].sd * posterior.prior[b].sd));
  }
}

const std::vector<torch::Tensor>& EagerConv::gradient() {
  {
    const torch::AutoGradMode enable(true);
    torch::Tensor h = images_;
    for (std::size_t l = 0; l < depth_; ++l)
      h = torch::relu(torch::conv2d(h, leaves_[2 * l], leaves_[2 * l + 1], 1, 1));
    h = torch::max_pool2d(h, 2).flatten(1);
    for (std::size_t l = 2 * depth_; l < leaves_.size(); l += 2)
      h = torch::linear(h, leaves_[l], leaves_[l + 1]);
    const torch::Tensor loss = torch::nll_loss(torch::log_softmax(h, 1), labels_, {}, 2);
    gradients_ = torch::autograd::grad({loss}, leaves_);
  }
  const torch::NoGradGuard no_grad;
  for (std::size_t b = 0; b < leaves_.size(); ++b) gradients_[b].add_(leaves_[b], precision_[b]);
  return gradients_;
}

}  // namespace ergo::bench
