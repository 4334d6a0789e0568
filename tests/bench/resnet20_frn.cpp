// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/resnet20_frn.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <stdexcept>

#include "core/base/noise.h"
#include "core/base/torch.h"

namespace ergo::bench {
namespace {

constexpr std::int64_t stage_channels[] = {16, 32, 64};
constexpr int blocks_a_stage = 3;
constexpr std::int64_t classes = 10, side = 32;

/// Hands out the blocks of one chain's flat position in layout order.
class Reader {
 public:
  Reader(const torch::Tensor& flat, const ParameterLayout& layout)
      : flat_(flat), next_(layout.blocks().begin()) {}
  torch::Tensor operator()() {
    const BlockInfo& block = *next_++;
    return flat_.narrow(0, block.offset, ParameterLayout::size_of(block)).view(block.shape);
  }

 private:
  torch::Tensor flat_;
  std::vector<BlockInfo>::const_iterator next_;
};

torch::Tensor frn(const torch::Tensor& x, Reader& read) {
  const torch::Tensor gamma = read(), bias = read(), tau = read();
  const torch::Tensor scale = torch::rsqrt(x.square().mean({2, 3}, true) + 1e-6);
  return torch::maximum(gamma * (x * scale) + bias, tau);
}

torch::Tensor conv_frn(const torch::Tensor& x, Reader& read, std::int64_t stride) {
  const torch::Tensor weight = read(), bias = read();
  return frn(torch::conv2d(x, weight, bias, stride, 1), read);
}

torch::Tensor shortcut(const torch::Tensor& x, std::int64_t channels, std::int64_t stride) {
  if (stride == 1) return x;
  const std::int64_t pad = (channels - x.size(1)) / 2;
  return torch::constant_pad_nd(x.slice(2, 0, side, 2).slice(3, 0, side, 2),
                                {0, 0, 0, 0, pad, pad});
}

class ResnetPotential final : public Potential {
 public:
  ResnetPotential(torch::Device device, std::int64_t batch, std::int64_t data_count)
      : data_count_(data_count) {
    torch::Tensor x = torch::empty({1, batch, 3 * side * side});
    fill_normal(RngKey::from_seed(1), 0, 0, x.numel(), x.data_ptr<float>());
    x_ = x.to(device);
    label_ = (torch::arange(batch, torch::kLong) % classes).to(device);
  }
  void bind(std::span<const std::int64_t>, std::int64_t) override {}
  void bind_all() override {}

  const Evaluation& evaluate(const torch::Tensor& position) override {
    const torch::AutoGradMode enable(true);
    const torch::Tensor theta = position.detach().clone().requires_grad_(true);
    const torch::Tensor logits = network_.forward(theta, x_)[0];
    const torch::Tensor nll = -torch::log_softmax(logits, 1).gather(1, label_.unsqueeze(1)).sum();
    const double scale = static_cast<double>(data_count_) / static_cast<double>(x_.size(1));
    const torch::Tensor potential = nll * scale + theta.square().sum() * 2.5;
    evaluation_.grad = torch::autograd::grad({potential}, {theta})[0].contiguous();
    evaluation_.potential = potential.detach().reshape({1});
    return evaluation_;
  }

  std::int64_t data_count() const override { return data_count_; }
  const ParameterLayout& layout() const override { return network_.layout(); }

 private:
  Resnet20Frn network_;
  std::int64_t data_count_;
  torch::Tensor x_, label_;
  Evaluation evaluation_;
};

}  // namespace

Resnet20Frn::Resnet20Frn() {
  add_unit("stem", 3, stage_channels[0]);
  std::int64_t in = stage_channels[0];
  for (const std::int64_t out : stage_channels) {
    for (int block = 0; block < blocks_a_stage; ++block) {
      add_unit(fmt::format("block{}.{}.first", out, block), in, out);
      add_unit(fmt::format("block{}.{}.second", out, block), out, out);
      in = out;
    }
  }
  add_block("logits.weight", {classes, in}, in);
  add_block("logits.bias", {classes}, 0);
  if (layout().size() != expected_parameters) {
    throw std::logic_error(fmt::format("ResNet20-FRN has {} parameters, but must have {}",
                                       layout().size(), expected_parameters));
  }
}

void Resnet20Frn::add_unit(const std::string& name, std::int64_t in, std::int64_t out) {
  add_block(name + ".weight", {out, in, 3, 3}, 9 * in);
  add_block(name + ".bias", {out}, 0);
  for (const char* part : {".frn.gamma", ".frn.bias", ".frn.tau"}) {
    add_block(name + part, {1, out, 1, 1}, 0);
  }
}

torch::Tensor Resnet20Frn::forward(const torch::Tensor& position, const torch::Tensor& x) const {
  Reader read(position[0], layout());
  torch::Tensor h = x.view({x.size(1), 3, side, side});
  h = torch::silu(conv_frn(h, read, 1));
  for (const std::int64_t channels : stage_channels) {
    for (int block = 0; block < blocks_a_stage; ++block) {
      const std::int64_t stride = h.size(1) == channels ? 1 : 2;
      const torch::Tensor inner = torch::silu(conv_frn(h, read, stride));
      h = torch::silu(conv_frn(inner, read, 1) + shortcut(h, channels, stride));
    }
  }
  const torch::Tensor weight = read(), bias = read();
  return torch::linear(h.mean({2, 3}), weight, bias).unsqueeze(0);
}

std::unique_ptr<Potential> make_resnet_potential(torch::Device device, std::int64_t batch,
                                                 std::int64_t data_count) {
  return std::make_unique<ResnetPotential>(device, batch, data_count);
}

torch::Tensor resnet_position(torch::Device device) {
  const Resnet20Frn network;
  torch::Tensor position = torch::empty({1, network.layout().size()});
  fill_normal(RngKey::from_seed(2), 0, 0, position.numel(), position.data_ptr<float>());
  for (std::size_t b = 0; b < network.layout().blocks().size(); ++b) {
    const BlockInfo& block = network.layout().blocks()[b];
    const auto fan_in = static_cast<double>(network.fan_in(b));
    torch::Tensor part = position.narrow(1, block.offset, ParameterLayout::size_of(block));
    if (fan_in > 0) {
      part.mul_(std::sqrt(2.0 / fan_in));
    } else {
      part.fill_(block.name.ends_with(".gamma") ? 1.0 : 0.0);
    }
  }
  return position.to(device);
}

}  // namespace ergo::bench
