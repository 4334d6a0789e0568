// SPDX-License-Identifier: GPL-3.0-or-later
// The convolutional networks against loops over plain numbers.
#include <numeric>

#include "core/kernels/conv_passes.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/passes.h"
#include "tests/support/plain_images.h"

using namespace ergo;
using namespace ergo::test;

namespace {

struct Case {
  std::string kind;
  InputShape image;
  std::int64_t depth, width;
};

constexpr std::int64_t outputs = 3, linear_units = 5;

/// The network of `c` at one image, by the definition.
std::vector<double> plain_forward(const Case& c, const BlockReader& block, Planes image) {
  Planes h = image;
  for (std::int64_t l = 0; l < c.depth; ++l) {
    const std::string name = "convs." + std::to_string(l);
    h = convolution(h, c.width, 3, block(name + ".weight"), block(name + ".bias"));
    if (c.kind == "conv_residual" && l + 1 == c.depth) {
      const Planes s =
          convolution(image, c.width, 1, block("shortcut.weight"), block("shortcut.bias"));
      for (std::size_t i = 0; i < s.values.size(); ++i) h.values[i] += s.values[i];
    }
    for (double& value : h.values) value = std::max(value, 0.0);
  }
  std::vector<double> f = pooled(h);
  if (c.kind == "conv")
    f = linear(f, linear_units, block("linears.0.weight"), block("linears.0.bias"));
  const std::string last = c.kind == "conv" ? "linears.1" : "linears.0";
  return linear(f, outputs, block(last + ".weight"), block(last + ".bias"));
}

nlohmann::json section(const Case& c) {
  return {{"kind", c.kind}, {"depth", c.depth}, {"width", c.width}, {"linear", linear_units}};
}

}  // namespace

class TestConv : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  /// Two chains with inputs of their own, odd sides, one and several channels.
  void forwardEqualsPlainLoops() {
    const std::int64_t batch = 3;
    for (const Case& c : {Case{"conv", {1, 6, 6}, 1, 2}, Case{"conv", {2, 5, 7}, 3, 3},
                          Case{"conv", {3, 2, 3}, 2, 4}, Case{"conv_residual", {1, 4, 4}, 1, 3},
                          Case{"conv_residual", {3, 7, 5}, 2, 2}}) {
      const auto data = images(c.image, batch, outputs);
      const auto network = make_network(section(c), *data, outputs);
      const torch::Tensor theta =
          random_tensor(3, {2, network->layout().size()}, torch::kDouble, 0.4);
      const torch::Tensor x = random_tensor(4, {2, batch, c.image.size()}, torch::kDouble);
      const torch::Tensor f = network->forward(theta, x);
      for (std::int64_t chain = 0; chain < 2; ++chain) {
        const std::vector<double> numbers = doubles(theta[chain]);
        for (std::int64_t i = 0; i < batch; ++i) {
          const Planes image{c.image.channels, c.image.height, c.image.width, doubles(x[chain][i])};
          const auto expected = plain_forward(c, BlockReader(*network, numbers), image);
          ERGO_OK(vectors_differ(doubles(f[chain][i]), expected, 1e-12, c.kind));
        }
      }
    }
  }

  /// 3 * 3 * in * out + out of a convolution, in * out + out of a linear layer.
  void parameterCounts() {
    const nlohmann::json official = {{"kind", "conv"}, {"depth", 1}, {"width", 32}};
    QCOMPARE(parameters(official, {1, 28, 28}, 10), std::int64_t{320 + 6272 * 20 + 20 + 210});
    const nlohmann::json plain = {{"kind", "conv"}, {"depth", 3}, {"width", 8}};
    QCOMPARE(parameters(plain, {1, 28, 28}, 10), std::int64_t{80 + 2 * 584 + 1568 * 20 + 20 + 210});
    const nlohmann::json residual = {{"kind", "conv_residual"}, {"depth", 2}, {"width", 16}};
    QCOMPARE(parameters(residual, {3, 28, 28}, 8), std::int64_t{448 + 2320 + 64 + 3136 * 8 + 8});
  }

  /// A module with `convs`, `shortcut` and `linears` takes the blocks by load_state_dict.
  void blocksAreNamedAsInPytorch() {
    const Case c{"conv_residual", {2, 8, 6}, 2, 4};
    const auto network = make_network(section(c), *images(c.image, 1, outputs), outputs);
    const std::vector<std::pair<std::string, std::vector<std::int64_t>>> expected = {
        {"convs.0.weight", {4, 2, 3, 3}},  {"convs.0.bias", {4}},
        {"convs.1.weight", {4, 4, 3, 3}},  {"convs.1.bias", {4}},
        {"shortcut.weight", {4, 2, 1, 1}}, {"shortcut.bias", {4}},
        {"linears.0.weight", {3, 48}},     {"linears.0.bias", {3}}};
    const std::vector<std::int64_t> fan_in = {18, 0, 36, 0, 2, 0, 48, 0};
    const auto& blocks = network->layout().blocks();
    QCOMPARE(blocks.size(), expected.size());
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      QCOMPARE(blocks[b].name, expected[b].first);
      QVERIFY(blocks[b].shape == expected[b].second);
      QCOMPARE(network->fan_in(b), fan_in[b]);
    }
  }

  void passesEqualAutograd_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<int>("classes");
    for (const char* kind : {"conv", "conv_residual"}) {
      QTest::addRow("%s regression", kind) << kind << 0;
      QTest::addRow("%s classes", kind) << kind << 5;
    }
  }
  /// Odd and even sides, one to five channels, filters that fill no block of rows, batches that
  /// fill no tile.
  void passesEqualAutograd() {
    QFETCH(QString, kind);
    QFETCH(int, classes);
    constexpr std::int64_t points = 90;
    for (const Case& c :
         {Case{"", {1, 2, 2}, 1, 1}, Case{"", {1, 7, 5}, 3, 4}, Case{"", {3, 6, 9}, 2, 7},
          Case{"", {2, 14, 14}, 2, 16}, Case{"", {5, 3, 8}, 1, 11}}) {
      const auto data = images(c.image, points, classes);
      nlohmann::json model = section(c);
      model["kind"] = kind.toStdString();
      PosteriorConfig config;
      config.noise_sd = 0.3;
      const Posterior posterior = make_posterior(data, model, config);
      for (const std::int64_t batch : {1, 16, 37}) {
        for (const torch::Dtype dtype : {torch::kFloat, torch::kDouble}) {
          ERGO_OK(on_every_target(
              [&] { return passes_differ(posterior, dtype, batch, points, 3e-3); }));
        }
      }
    }
  }

  /// Another number of examples, then the first one again: nothing of a binding stays.
  void rebindingLeavesNothingBehind() {
    const auto data = images({1, 5, 6}, 90, outputs);
    const Posterior posterior =
        make_posterior(data, {{"kind", "conv_residual"}, {"depth", 2}}, PosteriorConfig{});
    const torch::Tensor theta = random_tensor(6, {1, posterior.layout.size()}, torch::kFloat, 0.3);
    std::vector<std::int64_t> rows(80);
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    const auto potential = make_fused_potential(posterior, torch::kFloat);
    torch::Tensor first;
    for (const std::int64_t batch : {3, 80, 33, 3}) {
      potential->bind(std::span(rows).first(static_cast<std::size_t>(batch)), batch);
      const torch::Tensor grad = potential->evaluate(theta).grad.clone();
      if (!first.defined()) first = grad;
      if (batch == 3) QVERIFY(same_bits(grad, first));
    }
  }

  /// Full batches of many images keep no layers; what they make again is the same.
  void layersThatAreNotKeptAreMadeAgain() {
    const ConvShape shape{2,       4,           5, 3, {{0, 54}, {57, 138}}, LayerPlace{141, 147},
                          {12, 4}, {{150, 198}}};
    constexpr std::int64_t parameters = 202, examples = 70;
    const std::vector<double> theta = normals(1, parameters),
                              x = normals(2, examples * 40 + row_padding);
    const std::vector<double> delta = normals(3, examples * 4);
    std::vector<std::vector<double>> grads;
    for (const std::int64_t most_kept : {std::int64_t{1} << 25, std::int64_t{0}}) {
      ConvBuffers<double> buffers;
      buffers.most_kept = most_kept;
      conv_bind(shape, x.data(), examples, buffers);
      conv_forward(shape, theta.data(), buffers);
      for (std::int64_t i = 0; i < examples * 4; ++i)
        buffers.delta.data()[i / examples * buffers.stride + i % examples] =
            delta[static_cast<std::size_t>(i)];
      grads.emplace_back(parameters);
      conv_backward(shape, theta.data(), buffers, grads.back().data());
      QCOMPARE(buffers.kept_slabs == buffers.slabs(), most_kept > 0);
    }
    QVERIFY(grads[0] == grads[1]);
    QVERIFY(std::none_of(grads[0].begin(), grads[0].end(), [](double g) { return g == 0.0; }));
  }

  /// A network that overflowed must say so: neither ReLU nor pooling may turn NaN into a number.
  void notANumberIsSeen() {
    const auto data = images({1, 4, 4}, 9, 0);
    for (const char* kind : {"conv", "conv_residual"}) {
      const Posterior posterior =
          make_posterior(data, {{"kind", kind}, {"depth", 2}}, PosteriorConfig{});
      torch::Tensor theta = torch::zeros({1, posterior.layout.size()});
      theta[0][0] = std::numeric_limits<float>::quiet_NaN();
      ERGO_OK(on_every_target([&]() -> std::string {
        const auto potential = make_fused_potential(posterior, torch::kFloat);
        potential->bind_all();
        return std::isnan(potential->evaluate(theta).potential[0].item<float>()) ? "" : kind;
      }));
    }
  }

  void whatIsNoImageIsRefused() {
    for (const InputShape& shape :
         {InputShape{1, 1, 9}, InputShape{1, 9, 1}, InputShape{3, 1, 1}}) {
      for (const char* kind : {"conv", "conv_residual"}) {
        try {
          make_network({{"kind", kind}}, *images(shape, 1, outputs), outputs);
          QFAIL("nothing was thrown");
        } catch (const Error& error) {
          const std::string text = error.what();
          QVERIFY(error.code() == ExitCode::config);
          const std::string sides = fmt::format("{} x {}", shape.height, shape.width);
          for (const std::string& part : {std::string(kind), std::string("'made'"), sides})
            QVERIFY2(text.find(part) != std::string::npos, text.c_str());
        }
      }
    }
  }

  void sizesOutOfRangeAreRefused() {
    const auto data = images({1, 4, 4}, 1, outputs);
    for (const auto& [field, value] : {std::pair("depth", 0), {"depth", 33}, {"width", 0}}) {
      QVERIFY_THROWS_EXCEPTION(Error,
                               make_network({{"kind", "conv"}, {field, value}}, *data, outputs));
    }
  }
};

QTEST_GUILESS_MAIN(TestConv)
#include "tst_conv.moc"
