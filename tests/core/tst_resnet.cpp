// SPDX-License-Identifier: GPL-3.0-or-later
// ResNet-FRN against loops over plain numbers.
#include "tests/support/instruction_sets.h"
#include "tests/support/passes.h"
#include "tests/support/plain_images.h"

using namespace ergo;
using namespace ergo::test;

namespace {

constexpr std::int64_t outputs = 3;

/// conv, then max(gamma x / sqrt(mean x^2 + 1e-6) + beta, tau) for each channel.
Planes normalised(const BlockReader& block, const std::string& conv, const std::string& frn,
                  const Planes& in, std::int64_t filters, std::int64_t stride) {
  Planes h = convolution(in, filters, 3, block(conv + ".weight"), block(conv + ".bias"), stride);
  const std::int64_t size = h.height * h.width;
  for (std::int64_t c = 0; c < filters; ++c) {
    double* x = h.values.data() + c * size;
    double square = 0.0;
    for (std::int64_t i = 0; i < size; ++i) square += x[i] * x[i] / static_cast<double>(size);
    for (std::int64_t i = 0; i < size; ++i) {
      const double y = block(frn + ".gamma")[c] * x[i] / std::sqrt(square + 1e-6);
      x[i] = std::max(y + block(frn + ".beta")[c], block(frn + ".tau")[c]);
    }
  }
  return h;
}

void apply_silu(Planes& h) {
  for (double& x : h.values) x /= 1.0 + std::exp(-x);
}

/// ResNet-FRN with one block a stage and 2, then 5 channels, by the definition: the second stage
/// halves the sides and pads one channel before, two behind.
std::vector<double> plain_resnet(const BlockReader& block, const Planes& image) {
  Planes h = normalised(block, "stem.conv", "stem.frn", image, 2, 1);
  apply_silu(h);
  for (std::int64_t stage = 0; stage < 2; ++stage) {
    const std::string name = "blocks." + std::to_string(stage) + ".";
    const std::int64_t filters = stage == 0 ? 2 : 5, before = stage, stride = 1 + stage;
    Planes inner = normalised(block, name + "conv1", name + "frn1", h, filters, stride);
    apply_silu(inner);
    Planes sum = normalised(block, name + "conv2", name + "frn2", inner, filters, 1);
    for (std::size_t i = 0; i < sum.values.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const std::int64_t c = at / (sum.height * sum.width), y = at / sum.width % sum.height;
      if (c < before || c - before >= h.channels) continue;
      sum.values[i] += h.at(c - before, stride * y, stride * (at % sum.width));
    }
    apply_silu(sum);
    h = sum;
  }
  const std::int64_t size = h.height * h.width;
  std::vector<double> mean(static_cast<std::size_t>(h.channels), 0.0);
  for (std::size_t i = 0; i < h.values.size(); ++i) {
    mean[i / static_cast<std::size_t>(size)] += h.values[i] / static_cast<double>(size);
  }
  return linear(mean, outputs, block("linear.weight"), block("linear.bias"));
}

}  // namespace

class TestResnet : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void forwardEqualsPlainLoops() {
    const InputShape shape{3, 5, 4};
    const std::int64_t batch = 2;
    const auto network = make_network({{"kind", "resnet_frn"}, {"blocks", 1}, {"widths", {2, 5}}},
                                      *images(shape, batch, outputs), outputs);
    const torch::Tensor theta =
        random_tensor(3, {2, network->layout().size()}, torch::kDouble, 0.6);
    const torch::Tensor x = random_tensor(4, {2, batch, shape.size()}, torch::kDouble);
    const torch::Tensor f = network->forward(theta, x);
    for (std::int64_t chain = 0; chain < 2; ++chain) {
      const std::vector<double> numbers = doubles(theta[chain]);
      for (std::int64_t i = 0; i < batch; ++i) {
        const Planes image{shape.channels, shape.height, shape.width, doubles(x[chain][i])};
        const auto expected = plain_resnet(BlockReader(*network, numbers), image);
        ERGO_OK(vectors_differ(doubles(f[chain][i]), expected, 1e-12));
      }
    }
  }

  /// Odd sides, channels that fill no block of rows and pad oddly, batches that fill no tile.
  void passesEqualAutograd() {
    constexpr std::int64_t points = 90;
    struct Case {
      InputShape image;
      std::int64_t blocks;
      std::vector<std::int64_t> widths;
    };
    for (const Case& c : {Case{{1, 2, 3}, 1, {1}}, Case{{3, 5, 4}, 1, {2, 5}},
                          Case{{2, 9, 6}, 2, {4, 7, 7}}, Case{{1, 8, 8}, 3, {16, 17}}}) {
      const auto data = images(c.image, points, outputs);
      const Posterior posterior = make_posterior(
          data, {{"kind", "resnet_frn"}, {"blocks", c.blocks}, {"widths", c.widths}}, {});
      for (const std::int64_t batch : {1, 16, 37}) {
        for (const torch::Dtype dtype : {torch::kFloat, torch::kDouble}) {
          ERGO_OK(on_every_target(
              [&] { return passes_differ(posterior, dtype, batch, points, 3e-3); }));
        }
      }
    }
  }

  /// Where y is tau, as at constant images before the first step, the maximum's halves.
  void tiesAtTauAreShared() {
    auto data = images({1, 4, 4}, 6, outputs);
    std::fill(data->train.x.values.begin(), data->train.x.values.end(), 0.0);
    const Posterior posterior =
        make_posterior(data, {{"kind", "resnet_frn"}, {"blocks", 1}, {"widths", {3}}}, {});
    torch::Tensor theta = initial_position(posterior, RngKey::from_seed(1), 0, torch::kDouble);
    theta.slice(1, theta.size(1) - 12) += 0.3;  // the linear layer lets differences through
    const auto fused = make_fused_potential(posterior, torch::kDouble);
    const auto plain = make_autograd_potential(posterior, torch::kDouble);
    fused->bind_all();
    plain->bind_all();
    const torch::Tensor expected = plain->evaluate(theta).grad;
    const std::int64_t tau = posterior.layout.blocks()[4].offset;
    QVERIFY(posterior.layout.blocks()[4].name == "stem.frn.tau");
    QVERIFY(expected[0][tau].item<double>() != 0.0);
    ERGO_OK(vectors_differ(doubles(fused->evaluate(theta).grad), doubles(expected), 1e-11));
  }

  void notANumberIsSeen() {
    const auto data = images({1, 4, 4}, 9, outputs);
    const Posterior posterior =
        make_posterior(data, {{"kind", "resnet_frn"}, {"blocks", 1}, {"widths", {3}}}, {});
    torch::Tensor theta = torch::zeros({1, posterior.layout.size()});
    theta[0][0] = std::numeric_limits<float>::quiet_NaN();
    ERGO_OK(on_every_target([&]() -> std::string {
      const auto potential = make_fused_potential(posterior, torch::kFloat);
      potential->bind_all();
      return std::isnan(potential->evaluate(theta).potential[0].item<float>()) ? "" : "a number";
    }));
  }

  /// The published counts: CIFAR-10 and 100 at depth 20, Tiny ImageNet at depth 56.
  void parameterCounts() {
    const InputShape colour{3, 32, 32};
    QCOMPARE(parameters({{"kind", "resnet_frn"}}, colour, 10), std::int64_t{271098});
    QCOMPARE(parameters({{"kind", "resnet_frn"}}, colour, 100), std::int64_t{276948});
    QCOMPARE(parameters({{"kind", "resnet_frn"}, {"blocks", 9}}, colour, 200),
             std::int64_t{869432});
  }

  /// Gamma at 1, logits at 0, so that the first outputs are the linear layer's biases, 0.
  void startsNormalised() {
    const auto data = images({1, 8, 8}, 4, outputs);
    const Posterior posterior = make_posterior(data, {{"kind", "resnet_frn"}, {"blocks", 1}}, {});
    const torch::Tensor theta =
        initial_position(posterior, RngKey::from_seed(1), 0, torch::kDouble)[0];
    for (const BlockInfo& block : posterior.layout.blocks()) {
      const torch::Tensor part =
          theta.narrow(0, block.offset, ParameterLayout::size_of(block)).abs();
      if (block.name.ends_with(".gamma")) {
        QVERIFY2((part == 1.0).all().item<bool>(), block.name.c_str());
      } else if (block.name.find("conv") == std::string::npos || block.name.ends_with(".bias")) {
        QVERIFY2((part == 0.0).all().item<bool>(), block.name.c_str());
      } else {
        QVERIFY2(part.mean().item<double>() > 0.0, block.name.c_str());
      }
    }
  }

  void whatDoesNotFitIsRefused() {
    const auto data = images({1, 3, 8}, 1, outputs);
    const auto refused = [&](const nlohmann::json& widths, const std::string& part) -> std::string {
      try {
        make_network({{"kind", "resnet_frn"}, {"widths", widths}}, *data, outputs);
      } catch (const Error& error) {
        const std::string text = error.what();
        return text.find(part) != std::string::npos ? "" : text;
      }
      return "nothing was thrown";
    };
    ERGO_OK(refused({16, 32, 64}, "sides of at least 4, but a row of data 'made' is 3 x 8"));
    ERGO_OK(refused({16, 8}, "'model.widths' is [16, 8]"));
    ERGO_OK(refused(nlohmann::json::array(), "'model.widths' is []"));
  }
};

QTEST_GUILESS_MAIN(TestResnet)
#include "tst_resnet.moc"
