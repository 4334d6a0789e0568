// SPDX-License-Identifier: GPL-3.0-or-later
// Gradients of convolutional networks on one core against LibTorch eager and the FMA peak.
#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/base/noise.h"
#include "core/base/torch.h"
#include "core/posteriors/potentials.h"
#include "tests/bench/eager_conv.h"
#include "tests/bench/measure.h"
#include "tests/bench/suites.h"

namespace ergo::bench {
namespace {

struct ConvCase {
  const char* name;
  InputShape image;
  std::int64_t width, depth, batch;
};

constexpr std::int64_t classes = 10, linear_units = 20;

constexpr ConvCase cases[] = {
    {"conv_gradient/28px_width8", {1, 28, 28}, 8, 3, 128},
    {"conv_gradient/14px_width8", {1, 14, 14}, 8, 2, 32},
    {"conv_gradient/28px_width16", {1, 28, 28}, 16, 5, 128},
    {"conv_gradient/32px_rgb_width16", {3, 32, 32}, 16, 3, 128},
};

/// Random images, the batch as the whole data set.
Posterior posterior_of(const ConvCase& c) {
  Dataset data;
  data.task = Task::classification;
  data.name = c.name;
  data.inputs = c.image.size();
  data.outputs = classes;
  data.train.x.count = c.batch;
  data.train.x.shape = c.image;
  std::vector<float> pixels(static_cast<std::size_t>(c.batch * c.image.size()));
  fill_normal(RngKey::from_seed(3), 0, 0, static_cast<std::int64_t>(pixels.size()), pixels.data());
  data.train.x.values.assign(pixels.begin(), pixels.end());
  for (std::int32_t i = 0; i < c.batch; ++i) data.train.labels.push_back(i % classes);
  const nlohmann::json model = {
      {"kind", "conv"}, {"width", c.width}, {"depth", c.depth}, {"linear", linear_units}};
  return make_posterior(std::make_shared<const Dataset>(std::move(data)), model, {});
}

/// Every weight meets every pixel in the forward pass and twice in the backward pass, where the
/// images themselves need no gradient.
double flop_of(const ConvCase& c) {
  const auto pixels = static_cast<double>(c.batch * c.image.height * c.image.width);
  const auto width = static_cast<double>(c.width);
  const double first = 9.0 * static_cast<double>(c.image.channels) * width;
  const double others = 9.0 * width * width * static_cast<double>(c.depth - 1);
  const auto features = static_cast<double>(c.image.height / 2 * (c.image.width / 2)) * width;
  return pixels * (4.0 * first + 6.0 * others) +
         6.0 * static_cast<double>(c.batch * linear_units) * (features + classes);
}

/// A peer that computes something else must not be timed. The tolerance is that of float32 sums
/// over 10^5 pixels in another order.
void require_equal(const torch::Tensor& ours, const std::vector<torch::Tensor>& theirs) {
  std::vector<torch::Tensor> parts;
  for (const torch::Tensor& part : theirs) parts.push_back(part.flatten());
  const double scale = ours.abs().max().item<double>();
  const double off = (ours - torch::cat(parts)).abs().max().item<double>();
  if (scale > 0 && off <= 1e-4 * scale) return;
  throw std::runtime_error(
      fmt::format("gradients differ by {:.3g} of the largest entry", off / scale));
}

void conv_gradient(benchmark::State& state, const ConvCase& c) {
  const torch::NoGradGuard no_grad;
  const Posterior posterior = posterior_of(c);
  const auto ours = make_fused_potential(posterior, torch::kFloat);
  const torch::Tensor position =
      initial_position(posterior, RngKey::from_seed(5), 0, torch::kFloat);
  EagerConv eager(posterior, static_cast<std::size_t>(c.depth), position);
  ours->bind_all();
  require_equal(ours->evaluate(position).grad[0], eager.gradient());
  const double flop = flop_of(c), before = fma_peak_flops();
  const int calls = std::max(1, static_cast<int>(1e9 / flop));
  measure_in_turns(state,
                   {{"ours_s", calls, [&] { ours->evaluate(position); }},
                    {"eager_s", calls, [&] { eager.gradient(); }}},
                   2);
  state.counters["gflops"] = 1e-9 * flop / state.counters["ours_s"];
  state.counters["peak_gflops"] = 1e-9 * std::max(before, fma_peak_flops());
}

}  // namespace

void add_conv_benchmarks() {
  for (const ConvCase& c : cases) {
    add_benchmark(c.name, 9, [&c](benchmark::State& state) {
      try {
        conv_gradient(state, c);
      } catch (const std::exception& error) {
        state.SkipWithError(error.what());
      }
    });
  }
}

}  // namespace ergo::bench
