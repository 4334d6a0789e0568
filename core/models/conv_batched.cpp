// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/conv_batched.h"

#include <tuple>
#include <utility>
#include <vector>

#include "core/base/torch.h"

namespace ergo {
namespace {

using torch::Tensor;

/// h_ are the images and what convolutions give, [batch, chains * channels, height, width]; f_ the
/// pooled features and what linear layers give, [chains, batch, width].
class BatchedConv final : public BatchedPasses {
 public:
  explicit BatchedConv(ConvShape shape) : shape_(std::move(shape)) {}

  Tensor forward(const Tensor& position, const Tensor& x) override {
    const std::int64_t chains = position.size(0);
    h_ = {as_planes(x, chains, {shape_.channels, shape_.height, shape_.width})};
    for (std::size_t l = 0; l < shape_.convolutions.size(); ++l) {
      Tensor z = apply(convolution_of(shape_, l), position, h_.back());
      if (has_shortcut(l)) z = z + apply(shortcut_of(shape_), position, h_.front());
      h_.push_back(torch::relu(z));
    }
    Tensor pooled;
    std::tie(pooled, chosen_) = torch::max_pool2d_with_indices(h_.back(), 2);
    f_ = {pooled.reshape({-1, chains, shape_.features()}).transpose(0, 1)};
    for (std::size_t l = 0; l < shape_.linears.size(); ++l)
      f_.push_back(apply(linear_of(shape_, l), position, f_.back()));
    return f_.back();
  }

  void backward(const Tensor& position, Tensor delta, Tensor grad) override {
    const std::int64_t chains = position.size(0);
    for (std::size_t l = shape_.linears.size(); l-- > 0;) {
      const LinearLayer layer = linear_of(shape_, l);
      write(grad, layer.place, torch::bmm(delta.transpose(1, 2), f_[l]), delta.sum(1));
      delta = torch::bmm(delta, weight_of(layer, position));
    }
    delta = delta.transpose(0, 1).reshape(
        {-1, chains * shape_.filters, shape_.height / 2, shape_.width / 2});
    delta = torch::max_pool2d_with_indices_backward(delta, h_.back(), 2, 2, 0, 1, false, chosen_);
    for (std::size_t l = shape_.convolutions.size(); l-- > 0;) {
      delta = delta * (h_[l + 1] > 0);
      if (has_shortcut(l)) through(shortcut_of(shape_), position, h_.front(), delta, grad, false);
      delta = through(convolution_of(shape_, l), position, h_[l], delta, grad, l > 0);
    }
  }

 private:
  bool has_shortcut(std::size_t l) const {
    return shape_.shortcut && l + 1 == shape_.convolutions.size();
  }

  /// Writes the gradients of a convolution. @return those of its input, if they are wanted.
  static Tensor through(const ConvLayer& layer, const Tensor& position, const Tensor& in,
                        const Tensor& delta, const Tensor& grad, bool inputs) {
    const std::int64_t chains = position.size(0), pad = layer.side / 2;
    const auto [of_input, of_weight, of_bias] = torch::convolution_backward(
        delta, in, weight_of(layer, position), torch::IntArrayRef{chains * layer.out},
        {layer.stride, layer.stride}, {pad, pad}, {1, 1}, false, {0, 0}, chains,
        {inputs, true, true});
    write(grad, layer.place, of_weight, of_bias);
    return of_input;
  }

  static void write(const Tensor& grad, LayerPlace place, const Tensor& weight,
                    const Tensor& bias) {
    const std::int64_t chains = grad.size(0);
    grad.narrow(1, place.weight, weight.numel() / chains).copy_(weight.reshape({chains, -1}));
    grad.narrow(1, place.bias, bias.numel() / chains).copy_(bias.reshape({chains, -1}));
  }

  ConvShape shape_;
  std::vector<Tensor> h_, f_;
  Tensor chosen_;  ///< which pixel of each window pooling took
};

}  // namespace

ConvLayer convolution_of(const ConvShape& shape, std::size_t layer) {
  return {shape.convolutions[layer], shape.filters, shape.channels_into(layer)};
}

ConvLayer shortcut_of(const ConvShape& shape) {
  return {*shape.shortcut, shape.filters, shape.channels, 1};
}

LinearLayer linear_of(const ConvShape& shape, std::size_t layer) {
  return {shape.linears[layer], shape.widths[layer + 1], shape.widths[layer]};
}

std::unique_ptr<BatchedPasses> make_batched_conv(ConvShape shape) {
  return std::make_unique<BatchedConv>(std::move(shape));
}

}  // namespace ergo
