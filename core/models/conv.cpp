// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/conv.h"

#include <spdlog/fmt/fmt.h>

#include "core/base/torch.h"
#include "core/data/dataset.h"
#include "core/kernels/conv_passes.h"
#include "core/models/conv_batched.h"

namespace ergo {
namespace {

using torch::Tensor;

void check_images(const char* kind, const Dataset& data) {
  const InputShape& shape = data.train.x.shape;
  if (shape.height >= 2 && shape.width >= 2) return;
  throw Error(ExitCode::config,
              fmt::format("Field 'model.kind' is '{}', whose pooling halves images and needs sides "
                          "of at least 2, but a row of data '{}' is {} x {}{}; choose mlp.",
                          kind, data.name, shape.height, shape.width,
                          shape.height == 1 ? " (no image)" : ""));
}

template <class T>
class ConvPasses final : public Passes<T> {
 public:
  explicit ConvPasses(ConvShape shape) : shape_(std::move(shape)) {}
  void bind(const T* inputs, std::int64_t examples) override {
    conv_bind(shape_, inputs, examples, buffers_);
  }
  OutputView<T> forward(const T* theta) override {
    conv_forward(shape_, theta, buffers_);
    return {buffers_.f.back().data(), shape_.widths.back(), buffers_.examples, buffers_.stride};
  }
  T* delta() override { return buffers_.delta.data(); }
  void backward(const T* theta, T* grad) override { conv_backward(shape_, theta, buffers_, grad); }

 private:
  ConvShape shape_;
  ConvBuffers<T> buffers_;
};

class Conv final : public Network {
 public:
  Conv(const ConvStack& config, bool shortcut, std::vector<std::int64_t> widths,
       const InputShape& image)
      : image_(image) {
    shape_.channels = image.channels;
    shape_.height = image.height;
    shape_.width = image.width;
    shape_.filters = config.width;
    for (std::int64_t l = 0; l < config.depth; ++l) {
      const std::int64_t in = shape_.channels_into(static_cast<std::size_t>(l));
      shape_.convolutions.push_back(
          add_layer(fmt::format("convs.{}", l), {shape_.filters, in, 3, 3}));
    }
    if (shortcut) shape_.shortcut = add_layer("shortcut", {shape_.filters, shape_.channels, 1, 1});
    shape_.widths = std::move(widths);
    shape_.widths.insert(shape_.widths.begin(), shape_.features());
    for (std::size_t l = 0; l + 1 < shape_.widths.size(); ++l) {
      shape_.linears.push_back(
          add_layer(fmt::format("linears.{}", l), {shape_.widths[l + 1], shape_.widths[l]}));
    }
  }

  Tensor forward(const Tensor& position, const Tensor& x) const override {
    const std::int64_t chains = position.size(0);
    const Tensor image = as_planes(x, chains, image_);
    Tensor h = image;
    for (std::size_t l = 0; l < shape_.convolutions.size(); ++l) {
      h = apply(convolution_of(shape_, l), position, h);
      if (shape_.shortcut && l + 1 == shape_.convolutions.size())
        h = h + apply(shortcut_of(shape_), position, image);
      h = torch::relu(h);
    }
    h = torch::max_pool2d(h, 2).reshape({-1, chains, shape_.features()}).transpose(0, 1);
    for (std::size_t l = 0; l < shape_.linears.size(); ++l)
      h = apply(linear_of(shape_, l), position, h);
    return h;
  }

  std::int64_t outputs() const override { return shape_.widths.back(); }
  std::string shape_key() const override {
    return fmt::format("conv {}x{}x{} {}x{} {} {}", shape_.channels, shape_.height, shape_.width,
                       shape_.filters, shape_.convolutions.size(),
                       shape_.shortcut ? "shortcut" : "plain", fmt::join(shape_.widths, "-"));
  }

  std::unique_ptr<Passes<float>> passes_f32() const override {
    return std::make_unique<ConvPasses<float>>(shape_);
  }
  std::unique_ptr<Passes<double>> passes_f64() const override {
    return std::make_unique<ConvPasses<double>>(shape_);
  }
  std::unique_ptr<BatchedPasses> batched_passes() const override {
    return make_batched_conv(shape_);
  }

 private:
  InputShape image_;
  ConvShape shape_;
};

}  // namespace

std::shared_ptr<const Network> make_conv(const ConvConfig& config, const Dataset& data,
                                         std::int64_t outputs) {
  check_images("conv", data);
  return std::make_shared<Conv>(config, false, std::vector{config.linear, outputs},
                                data.train.x.shape);
}

std::shared_ptr<const Network> make_conv_residual(const ConvResidualConfig& config,
                                                  const Dataset& data, std::int64_t outputs) {
  check_images("conv_residual", data);
  return std::make_shared<Conv>(config, true, std::vector{outputs}, data.train.x.shape);
}

}  // namespace ergo
