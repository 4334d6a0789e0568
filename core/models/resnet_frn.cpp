// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/resnet_frn.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/torch.h"
#include "core/kernels/resnet_passes.h"
#include "core/models/image_layers.h"

namespace ergo {
namespace {

using torch::Tensor;

void check(const ResnetFrnConfig& config, const Dataset& data) {
  if (config.widths.empty() || !std::is_sorted(config.widths.begin(), config.widths.end())) {
    throw Error(ExitCode::config,
                fmt::format("Field 'model.widths' is [{}], but must hold the channels of at least "
                            "one stage and must not fall: shortcuts only add channels.",
                            fmt::join(config.widths, ", ")));
  }
  const InputShape& shape = data.train.x.shape;
  const std::size_t halvings = std::min<std::size_t>(config.widths.size() - 1, 30);
  const std::int64_t least = std::max<std::int64_t>(std::int64_t{1} << halvings, 2);
  if (shape.height >= least && shape.width >= least) return;
  throw Error(ExitCode::config,
              fmt::format("Field 'model.kind' is 'resnet_frn', whose {} stages need images with "
                          "sides of at least {}, but a row of data '{}' is {} x {}{}; choose "
                          "another kind or fewer model.widths.",
                          config.widths.size(), least, data.name, shape.height, shape.width,
                          shape.height == 1 ? " (no image)" : ""));
}

template <class T>
class ResnetPasses final : public Passes<T> {
 public:
  explicit ResnetPasses(ResnetShape shape) : shape_(std::move(shape)) {}
  void bind(const T* inputs, std::int64_t examples) override {
    resnet_bind(shape_, inputs, examples, buffers_);
  }
  OutputView<T> forward(const T* theta) override {
    resnet_forward(shape_, theta, buffers_);
    return {buffers_.f.data(), shape_.outputs, buffers_.examples, buffers_.stride};
  }
  T* delta() override { return buffers_.delta.data(); }
  void backward(const T* theta, T* grad) override {
    resnet_backward(shape_, theta, buffers_, grad);
  }

 private:
  ResnetShape shape_;
  ResnetBuffers<T> buffers_;
};

class ResnetFrn final : public Network {
 public:
  ResnetFrn(const ResnetFrnConfig& config, const InputShape& image, std::int64_t outputs)
      : config_(config), image_(image) {
    shape_.channels = image.channels;
    shape_.height = image.height;
    shape_.width = image.width;
    shape_.outputs = outputs;
    std::int64_t channels = config.widths.front();
    shape_.stem = add_unit("stem.conv", "stem.frn", image.channels, channels, 1);
    for (std::size_t stage = 0; stage < config.widths.size(); ++stage) {
      for (std::int64_t b = 0; b < config.blocks; ++b) {
        const std::int64_t stride = stage > 0 && b == 0 ? 2 : 1;
        shape_.blocks.push_back(add_residual(channels, config.widths[stage], stride));
        channels = config.widths[stage];
      }
    }
    add_block("linear.weight", {outputs, channels}, channels, {0.0, 0.0});
    add_block("linear.bias", {outputs}, 0);
    shape_.linear = {offset_of_last(1), offset_of_last(0)};
  }

  Tensor forward(const Tensor& position, const Tensor& x) const override {
    const std::int64_t chains = position.size(0);
    Tensor h = torch::silu(normalised(shape_.stem, position, as_planes(x, chains, image_)));
    for (const ResidualBlock& block : shape_.blocks) {
      const Tensor inner = torch::silu(normalised(block.first, position, h));
      h = torch::silu(normalised(block.second, position, inner) + shortcut(block, chains, h));
    }
    const Tensor mean = h.mean({2, 3}).reshape({-1, chains, shape_.features()}).transpose(0, 1);
    return apply(LinearLayer{shape_.linear, shape_.outputs, shape_.features()}, position, mean);
  }

  std::int64_t outputs() const override { return shape_.outputs; }
  std::string shape_key() const override {
    return fmt::format("resnet_frn {}x{}x{} {} {} {}", image_.channels, image_.height, image_.width,
                       config_.blocks, fmt::join(config_.widths, "-"), shape_.outputs);
  }
  std::unique_ptr<Passes<float>> passes_f32() const override {
    return std::make_unique<ResnetPasses<float>>(shape_);
  }
  std::unique_ptr<Passes<double>> passes_f64() const override {
    return std::make_unique<ResnetPasses<double>>(shape_);
  }

 private:
  std::int64_t offset_of_last(std::size_t before) const {
    const auto& blocks = layout().blocks();
    return blocks[blocks.size() - 1 - before].offset;
  }

  FrnUnit add_unit(const std::string& conv, const std::string& frn, std::int64_t in,
                   std::int64_t out, std::int64_t stride) {
    FrnUnit unit{add_layer(conv, {out, in, 3, 3}), in, out, stride};
    add_block(frn + ".gamma", {out}, 0, {1.0, 0.0});
    add_block(frn + ".beta", {out}, 0);
    add_block(frn + ".tau", {out}, 0);
    unit.gamma = offset_of_last(2);
    unit.beta = offset_of_last(1);
    unit.tau = offset_of_last(0);
    return unit;
  }

  ResidualBlock add_residual(std::int64_t in, std::int64_t out, std::int64_t stride) {
    const std::string name = fmt::format("blocks.{}.", shape_.blocks.size());
    const FrnUnit first = add_unit(name + "conv1", name + "frn1", in, out, stride);
    return {first, add_unit(name + "conv2", name + "frn2", out, out, 1)};
  }

  static Tensor normalised(const FrnUnit& unit, const Tensor& position, const Tensor& h) {
    const Tensor x = apply(ConvLayer{unit.conv, unit.out, unit.in, 3, unit.stride}, position, h);
    const auto of = [&](std::int64_t offset) { return per_channel(position, offset, unit.out); };
    const Tensor scale = torch::rsqrt(x.square().mean({2, 3}, true) + frn_epsilon);
    return torch::maximum(of(unit.gamma) * (x * scale) + of(unit.beta), of(unit.tau));
  }

  static Tensor shortcut(const ResidualBlock& block, std::int64_t chains, const Tensor& h) {
    const std::int64_t in = block.first.in, out = block.first.out, stride = block.first.stride;
    if (stride == 1 && in == out) return h;
    const Tensor kept = h.slice(2, 0, h.size(2), stride).slice(3, 0, h.size(3), stride);
    const std::int64_t before = block.padding();
    return torch::constant_pad_nd(
               kept.reshape({kept.size(0), chains, in, kept.size(2), kept.size(3)}),
               {0, 0, 0, 0, before, out - in - before})
        .flatten(1, 2);
  }

  ResnetFrnConfig config_;
  InputShape image_;
  ResnetShape shape_;
};

}  // namespace

std::shared_ptr<const Network> make_resnet_frn(const ResnetFrnConfig& config, const Dataset& data,
                                               std::int64_t outputs) {
  check(config, data);
  return std::make_shared<ResnetFrn>(config, data.train.x.shape, outputs);
}

}  // namespace ergo
