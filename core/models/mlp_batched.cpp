// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/mlp_batched.h"

#include <utility>
#include <vector>

#include "core/base/torch.h"

namespace ergo {
namespace {

/// delta * act'(z), with h = act(z).
torch::Tensor through_activation(Activation activation, const torch::Tensor& delta,
                                 const torch::Tensor& h, const torch::Tensor& z) {
  switch (activation) {
    case Activation::relu:
      return delta * (h > 0);
    case Activation::silu: {
      const torch::Tensor s = torch::sigmoid(z);
      return delta * (s + h * (1.0 - s));
    }
    case Activation::tanh:
      break;
  }
  return delta * (1.0 - h * h);
}

class BatchedMlp final : public BatchedPasses {
 public:
  explicit BatchedMlp(MlpShape shape) : shape_(std::move(shape)) {}

  /// SiLU keeps what it was made from, because its derivative is no function of its value.
  torch::Tensor forward(const torch::Tensor& position, const torch::Tensor& x) override {
    h_ = {x.expand({position.size(0), x.size(1), x.size(2)})};
    before_.clear();
    for (std::size_t l = 0; l < shape_.layers(); ++l) {
      torch::Tensor z = torch::baddbmm(mlp_bias(shape_, position, l), h_.back(),
                                       mlp_weight(shape_, position, l).transpose(1, 2));
      before_.push_back(z);
      h_.push_back(l + 1 == shape_.layers() ? z : mlp_activate(shape_.activation, z));
    }
    return h_.back();
  }

  void backward(const torch::Tensor& position, torch::Tensor delta, torch::Tensor grad) override {
    for (std::size_t l = shape_.layers(); l-- > 0;) {
      mlp_weight(shape_, grad, l).copy_(torch::bmm(delta.transpose(1, 2), h_[l]));
      mlp_bias(shape_, grad, l).copy_(delta.sum(1, true));
      if (l == 0) return;
      delta =
          through_activation(shape_.activation, torch::bmm(delta, mlp_weight(shape_, position, l)),
                             h_[l], before_[l - 1]);
    }
  }

 private:
  MlpShape shape_;
  std::vector<torch::Tensor> h_;       ///< h_0 = x, ..., the outputs; [chains, batch, width]
  std::vector<torch::Tensor> before_;  ///< inputs of the activations
};

}  // namespace

torch::Tensor mlp_weight(const MlpShape& shape, const torch::Tensor& flat, std::size_t layer) {
  const std::int64_t in = shape.widths[layer], out = shape.widths[layer + 1];
  const std::int64_t offset = shape.weight_offset[layer];
  return flat.slice(1, offset, offset + out * in).view({flat.size(0), out, in});
}

torch::Tensor mlp_bias(const MlpShape& shape, const torch::Tensor& flat, std::size_t layer) {
  const std::int64_t offset = shape.bias_offset[layer];
  return flat.slice(1, offset, offset + shape.widths[layer + 1]).unsqueeze(1);
}

torch::Tensor mlp_activate(Activation activation, const torch::Tensor& z) {
  switch (activation) {
    case Activation::relu:
      return torch::relu(z);
    case Activation::silu:
      return torch::silu(z);
    case Activation::tanh:
      break;
  }
  return torch::tanh(z);
}

std::unique_ptr<BatchedPasses> make_batched_mlp(MlpShape shape) {
  return std::make_unique<BatchedMlp>(std::move(shape));
}

}  // namespace ergo
