// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/mlp.h"

#include <spdlog/fmt/fmt.h>

#include "core/base/torch.h"
#include "core/kernels/mlp_passes.h"
#include "core/models/mlp_batched.h"

namespace ergo {
namespace {

Activation activation_from(const std::string& name) {
  if (name == "relu") return Activation::relu;
  return name == "silu" ? Activation::silu : Activation::tanh;
}

template <class T>
class MlpPasses final : public Passes<T> {
 public:
  explicit MlpPasses(MlpShape shape) : shape_(std::move(shape)) {}
  void bind(const T* inputs, std::int64_t examples) override {
    mlp_bind(shape_, inputs, examples, buffers_);
  }
  OutputView<T> forward(const T* theta) override {
    mlp_forward(shape_, theta, buffers_);
    return {buffers_.h.back().data(), shape_.widths.back(), buffers_.examples, buffers_.stride};
  }
  T* delta() override { return buffers_.delta.data(); }
  void backward(const T* theta, T* grad) override { mlp_backward(shape_, theta, buffers_, grad); }

 private:
  MlpShape shape_;
  MlpBuffers<T> buffers_;
};

class Mlp final : public Network {
 public:
  Mlp(const MlpConfig& config, std::int64_t inputs, std::int64_t outputs) : config_(config) {
    shape_.activation = activation_from(config.activation);
    shape_.widths = config.hidden;
    shape_.widths.insert(shape_.widths.begin(), inputs);
    shape_.widths.push_back(outputs);
    for (std::size_t l = 0; l + 1 < shape_.widths.size(); ++l) {
      const std::int64_t in = shape_.widths[l], out = shape_.widths[l + 1];
      add_block(fmt::format("layers.{}.weight", l), {out, in}, in);
      add_block(fmt::format("layers.{}.bias", l), {out}, 0);
      shape_.weight_offset.push_back(layout().blocks()[2 * l].offset);
      shape_.bias_offset.push_back(layout().blocks()[2 * l + 1].offset);
    }
  }

  torch::Tensor forward(const torch::Tensor& position, const torch::Tensor& x) const override {
    const std::int64_t chains = position.size(0);
    torch::Tensor h = x.expand({chains, x.size(1), x.size(2)});
    for (std::size_t l = 0; l < shape_.layers(); ++l) {
      h = torch::baddbmm(mlp_bias(shape_, position, l), h,
                         mlp_weight(shape_, position, l).transpose(1, 2));
      if (l + 1 < shape_.layers()) h = mlp_activate(shape_.activation, h);
    }
    return h;
  }

  std::int64_t outputs() const override { return shape_.widths.back(); }
  std::string shape_key() const override {
    return fmt::format("mlp {} {}", fmt::join(shape_.widths, "-"), config_.activation);
  }
  std::unique_ptr<Passes<float>> passes_f32() const override {
    return std::make_unique<MlpPasses<float>>(shape_);
  }
  std::unique_ptr<Passes<double>> passes_f64() const override {
    return std::make_unique<MlpPasses<double>>(shape_);
  }
  std::unique_ptr<BatchedPasses> batched_passes() const override {
    return make_batched_mlp(shape_);
  }

 private:
  MlpConfig config_;
  MlpShape shape_;
};

}  // namespace

std::shared_ptr<const Network> make_mlp(const MlpConfig& config, std::int64_t inputs,
                                        std::int64_t outputs) {
  return std::make_shared<Mlp>(config, inputs, outputs);
}

}  // namespace ergo
