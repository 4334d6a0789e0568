// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/resnet_frn.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/torch.h"
#include "core/models/image_layers.h"

namespace ergo {
namespace {

using torch::Tensor;

constexpr double frn_epsilon = 1e-6;

/// A convolution and where the normalisation behind it has its parameters.
struct Unit {
  ConvLayer conv;
  std::int64_t gamma = 0, beta = 0, tau = 0;
};

struct Block {
  Unit first, second;
};

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

class ResnetFrn final : public Network {
 public:
  ResnetFrn(const ResnetFrnConfig& config, const InputShape& image, std::int64_t outputs)
      : config_(config), image_(image) {
    std::int64_t channels = config.widths.front();
    stem_ = add_unit("stem.conv", "stem.frn", image.channels, channels, 1);
    for (std::size_t stage = 0; stage < config.widths.size(); ++stage) {
      for (std::int64_t b = 0; b < config.blocks; ++b) {
        const std::int64_t stride = stage > 0 && b == 0 ? 2 : 1;
        blocks_.push_back(add_residual(channels, config.widths[stage], stride));
        channels = config.widths[stage];
      }
    }
    add_block("linear.weight", {outputs, channels}, channels, {0.0, 0.0});
    add_block("linear.bias", {outputs}, 0);
    linear_ = {{offset_of_last(1), offset_of_last(0)}, outputs, channels};
  }

  Tensor forward(const Tensor& position, const Tensor& x) const override {
    const std::int64_t chains = position.size(0);
    Tensor h = torch::silu(apply(stem_, position, as_planes(x, chains, image_)));
    for (const Block& block : blocks_) {
      const Tensor inner = torch::silu(apply(block.first, position, h));
      h = torch::silu(apply(block.second, position, inner) + shortcut(block, chains, h));
    }
    const Tensor mean = h.mean({2, 3}).reshape({-1, chains, linear_.in}).transpose(0, 1);
    return ergo::apply(linear_, position, mean);
  }

  std::int64_t outputs() const override { return linear_.out; }
  std::string shape_key() const override {
    return fmt::format("resnet_frn {}x{}x{} {} {} {}", image_.channels, image_.height, image_.width,
                       config_.blocks, fmt::join(config_.widths, "-"), linear_.out);
  }

 private:
  std::int64_t offset_of_last(std::size_t before) const {
    const auto& blocks = layout().blocks();
    return blocks[blocks.size() - 1 - before].offset;
  }

  Unit add_unit(const std::string& conv, const std::string& frn, std::int64_t in, std::int64_t out,
                std::int64_t stride) {
    Unit unit;
    unit.conv = {add_layer(conv, {out, in, 3, 3}), out, in, 3, stride};
    add_block(frn + ".gamma", {out}, 0, {1.0, 0.0});
    add_block(frn + ".beta", {out}, 0);
    add_block(frn + ".tau", {out}, 0);
    unit.gamma = offset_of_last(2);
    unit.beta = offset_of_last(1);
    unit.tau = offset_of_last(0);
    return unit;
  }

  Block add_residual(std::int64_t in, std::int64_t out, std::int64_t stride) {
    const std::string name = fmt::format("blocks.{}.", blocks_.size());
    const Unit first = add_unit(name + "conv1", name + "frn1", in, out, stride);
    return {first, add_unit(name + "conv2", name + "frn2", out, out, 1)};
  }

  static Tensor apply(const Unit& unit, const Tensor& position, const Tensor& h) {
    const Tensor x = ergo::apply(unit.conv, position, h);
    const auto of = [&](std::int64_t offset) {
      return per_channel(position, offset, unit.conv.out);
    };
    const Tensor scale = torch::rsqrt(x.square().mean({2, 3}, true) + frn_epsilon);
    return torch::maximum(of(unit.gamma) * (x * scale) + of(unit.beta), of(unit.tau));
  }

  static Tensor shortcut(const Block& block, std::int64_t chains, const Tensor& h) {
    const ConvLayer& conv = block.first.conv;
    if (conv.stride == 1 && conv.in == conv.out) return h;
    const Tensor kept = h.slice(2, 0, h.size(2), conv.stride).slice(3, 0, h.size(3), conv.stride);
    const std::int64_t before = (conv.out - conv.in) / 2, after = conv.out - conv.in - before;
    return torch::constant_pad_nd(
               kept.reshape({kept.size(0), chains, conv.in, kept.size(2), kept.size(3)}),
               {0, 0, 0, 0, before, after})
        .flatten(1, 2);
  }

  ResnetFrnConfig config_;
  InputShape image_;
  Unit stem_;
  std::vector<Block> blocks_;
  LinearLayer linear_;
};

}  // namespace

std::shared_ptr<const Network> make_resnet_frn(const ResnetFrnConfig& config, const Dataset& data,
                                               std::int64_t outputs) {
  check(config, data);
  return std::make_shared<ResnetFrn>(config, data.train.x.shape, outputs);
}

}  // namespace ergo
