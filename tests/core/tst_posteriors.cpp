// SPDX-License-Identifier: GPL-3.0-or-later
#include <numeric>

#include "core/base/purpose.h"
#include "tests/support/plain_math.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

struct Case {
  std::int64_t classes;
  std::vector<std::int64_t> hidden;
  std::string activation;
};

const std::vector<std::pair<const char*, Case>> cases = {
    {"regression tanh 0", {0, {}, "tanh"}},     {"regression tanh 1", {0, {7}, "tanh"}},
    {"regression relu 2", {0, {6, 5}, "relu"}}, {"regression silu 3", {0, {5, 4, 3}, "silu"}},
    {"classes tanh 2", {3, {6, 5}, "tanh"}},    {"classes relu 1", {4, {8}, "relu"}},
    {"classes silu 2", {3, {5, 5}, "silu"}},
};

constexpr std::int64_t inputs = 3, points = 20;

Posterior posterior_of(const Case& c) {
  return small_posterior(small_data(inputs, c.classes, points), c.hidden, c.activation);
}

/// The same posterior for the plain loops, over the given rows.
PlainPosterior plain_of(const Case& c, const Dataset& data, const std::vector<std::int64_t>& rows) {
  PlainPosterior plain;
  plain.network.widths = c.hidden;
  plain.network.widths.insert(plain.network.widths.begin(), inputs);
  plain.network.widths.push_back(data.outputs);
  plain.network.activation = c.activation;
  plain.noise_sd = 0.3;
  plain.weight_prior = 1.7;
  plain.bias_prior = 0.8;
  plain.likelihood_scale = static_cast<double>(points) / static_cast<double>(rows.size());
  for (const std::int64_t row : rows) {
    const auto begin = data.train.x.values.begin() + row * inputs;
    plain.x.emplace_back(begin, begin + inputs);
    if (c.classes > 0)
      plain.labels.push_back(data.train.labels[static_cast<std::size_t>(row)]);
    else
      plain.y.push_back(data.train.y[static_cast<std::size_t>(row)]);
  }
  return plain;
}

std::vector<std::int64_t> all_rows() {
  std::vector<std::int64_t> rows(points);
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

enum class Way { fused, batched, autograd };
constexpr Way every_way[] = {Way::fused, Way::batched, Way::autograd};

std::unique_ptr<Potential> make_potential(const Posterior& posterior, Way way, torch::Dtype dtype) {
  if (way == Way::fused) return make_fused_potential(posterior, dtype);
  return way == Way::batched ? make_batched_potential(posterior, dtype)
                             : make_autograd_potential(posterior, dtype);
}

/// Value and gradient at two chains against the plain loops.
std::string agrees(Potential& potential, const torch::Tensor& theta,
                   const std::vector<PlainPosterior>& plain, double tolerance) {
  const Evaluation& e = potential.evaluate(theta);
  for (std::int64_t c = 0; c < theta.size(0); ++c) {
    std::vector<double> grad;
    const double expected = plain[static_cast<std::size_t>(c)].potential(doubles(theta[c]), &grad);
    const double actual = e.potential[c].item<double>();
    if (auto p = differs(actual, expected, tolerance, "U"); !p.empty()) return p;
    if (auto p = vectors_differ(doubles(e.grad[c]), grad, tolerance, "grad"); !p.empty()) return p;
  }
  return {};
}

}  // namespace

class TestPosteriors : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void plainLoopsMatchDifferences_data() { list_cases(); }
  /// The reference of everything else: its gradient against central differences of its value.
  void plainLoopsMatchDifferences() {
    QFETCH(int, number);
    const Case& c = cases[static_cast<std::size_t>(number)].second;
    const auto data = small_data(inputs, c.classes, points);
    const PlainPosterior plain = plain_of(c, *data, all_rows());
    std::vector<double> theta = normals(17, plain.network.size(), 0.5), grad, numeric;
    plain.potential(theta, &grad);
    for (double& t : theta) {
      const double h = 1e-6, old = t;
      t = old + h;
      const double up = plain.potential(theta, nullptr);
      t = old - h;
      numeric.push_back((up - plain.potential(theta, nullptr)) / (2.0 * h));
      t = old;
    }
    ERGO_OK(vectors_differ(grad, numeric, 1e-7));
  }

  void gradientMatchesDifferences_data() { list_cases(); }
  void gradientMatchesDifferences() {
    QFETCH(int, number);
    const Posterior posterior = posterior_of(cases[static_cast<std::size_t>(number)].second);
    const std::int64_t params = posterior.layout.size();
    for (const Way way : every_way) {
      const auto potential = make_potential(posterior, way, torch::kDouble);
      potential->bind_all();
      torch::Tensor theta = random_tensor(23, {1, params}, torch::kDouble, 0.5);
      const std::vector<double> grad = doubles(potential->evaluate(theta).grad);
      std::vector<double> numeric;
      for (std::int64_t i = 0; i < params; ++i) {
        const double h = 1e-6;
        torch::Tensor moved = theta.clone();
        moved[0][i] += h;
        const double up = potential->evaluate(moved).potential.item<double>();
        moved[0][i] -= 2.0 * h;
        numeric.push_back((up - potential->evaluate(moved).potential.item<double>()) / (2.0 * h));
      }
      ERGO_OK(vectors_differ(grad, numeric, 1e-7));
    }
  }

  void allDataForSeveralChains_data() { list_cases(); }
  void allDataForSeveralChains() {
    QFETCH(int, number);
    const Case& c = cases[static_cast<std::size_t>(number)].second;
    const Posterior posterior = posterior_of(c);
    const PlainPosterior plain = plain_of(c, *posterior.data, all_rows());
    const std::int64_t params = posterior.layout.size();
    for (const Way way : every_way) {
      for (const bool wide : {true, false}) {
        const torch::Dtype dtype = wide ? torch::kDouble : torch::kFloat;
        const auto potential = make_potential(posterior, way, dtype);
        potential->bind_all();
        QCOMPARE(potential->data_count(), points);
        const torch::Tensor theta = random_tensor(29, {3, params}, dtype, 0.5);
        ERGO_OK(agrees(*potential, theta, {plain, plain, plain}, wide ? 1e-12 : 3e-5));
      }
    }
  }

  void minibatchesAreScaled_data() { list_cases(); }
  /// Two chains with a batch of their own each: the likelihood counts n / b, the prior once.
  void minibatchesAreScaled() {
    QFETCH(int, number);
    const Case& c = cases[static_cast<std::size_t>(number)].second;
    const Posterior posterior = posterior_of(c);
    const std::vector<std::int64_t> rows = {3, 17, 0, 9, 9, 2, 19, 5};
    const std::vector<PlainPosterior> plain = {plain_of(c, *posterior.data, {3, 17, 0, 9}),
                                               plain_of(c, *posterior.data, {9, 2, 19, 5})};
    const std::int64_t params = posterior.layout.size();
    const torch::Tensor theta = random_tensor(31, {2, params}, torch::kDouble, 0.5);
    for (const Way way : every_way) {
      const auto potential = make_potential(posterior, way, torch::kDouble);
      potential->bind(rows, 4);
      ERGO_OK(agrees(*potential, theta, plain, 1e-12));
      potential->bind_all();  // a later binding replaces the earlier one
      const PlainPosterior whole = plain_of(c, *posterior.data, all_rows());
      ERGO_OK(agrees(*potential, theta, {whole, whole}, 1e-12));
    }
  }

  /// Scores of the plain code path that shares one batch between chains.
  void oneBatchServesAllChains() {
    const Case& c = cases[2].second;
    const Posterior posterior = posterior_of(c);
    const PlainPosterior plain = plain_of(c, *posterior.data, {4, 8, 15});
    const torch::Tensor theta = random_tensor(37, {3, posterior.layout.size()}, torch::kDouble);
    const std::vector<std::int64_t> rows = {4, 8, 15};
    for (const Way way : every_way) {
      const auto potential = make_potential(posterior, way, torch::kDouble);
      potential->bind(rows, 3);
      ERGO_OK(agrees(*potential, theta, {plain, plain, plain}, 1e-12));
    }
  }

  /// Saturated logits and far positions stay finite in float32.
  void largeLogitsStayFinite() {
    const Posterior posterior = posterior_of(cases[4].second);
    for (const Way way : every_way) {
      const auto potential = make_potential(posterior, way, torch::kFloat);
      potential->bind_all();
      const torch::Tensor theta = torch::full({1, posterior.layout.size()}, 300.0f, torch::kFloat);
      const Evaluation& e = potential->evaluate(theta);
      QVERIFY(e.potential.isfinite().all().item<bool>());
      QVERIFY(e.grad.isfinite().all().item<bool>());
    }
  }

  void priorConstants() {
    const Posterior posterior = posterior_of({0, {7}, "tanh"});
    const std::vector<double> sd = {1.7 / std::sqrt(3.0), 0.8, 1.7 / std::sqrt(7.0), 0.8};
    std::vector<double> prior_sd;
    for (const BlockPrior& prior : posterior.prior) prior_sd.push_back(prior.sd);
    ERGO_OK(vectors_differ(prior_sd, sd, 1e-14));
    const double half_log = 0.5 * std::log(2.0 * std::numbers::pi);
    const std::vector<double> count = {21, 7, 7, 1};
    double expected = 0.0;
    for (std::size_t b = 0; b < 4; ++b) expected += count[b] * (std::log(sd[b]) + half_log);
    ERGO_OK(differs(posterior.prior_constant(), expected, 1e-13));
  }

  void layoutHasPytorchNames() {
    const Posterior posterior = posterior_of({3, {6, 5}, "relu"});
    const auto& blocks = posterior.layout.blocks();
    const std::vector<std::string> names = {"layers.0.weight", "layers.0.bias",   "layers.1.weight",
                                            "layers.1.bias",   "layers.2.weight", "layers.2.bias"};
    QCOMPARE(blocks.size(), names.size());
    for (std::size_t b = 0; b < names.size(); ++b) QVERIFY(blocks[b].name == names[b]);
    QVERIFY(blocks[2].shape == (std::vector<std::int64_t>{5, 6}));
    QCOMPARE(blocks[4].offset, std::int64_t(18 + 6 + 30 + 5));
    QCOMPARE(posterior.layout.size(), std::int64_t(18 + 6 + 30 + 5 + 15 + 3));
  }

  /// N(0, 1 / fan_in) weights, zero biases, the same numbers whatever the type or other chains.
  void initialPositions() {
    const Posterior posterior = small_posterior(small_data(4, 0), {60, 50}, "tanh");
    const RngKey key = purpose_key(9, Purpose::initial_position);
    const torch::Tensor a = initial_position(posterior, key, 0, torch::kFloat);
    QVERIFY(same_bits(a, initial_position(posterior, key, 0, torch::kFloat)));
    QVERIFY(same_bits(a.to(torch::kDouble), initial_position(posterior, key, 0, torch::kDouble)));
    QVERIFY(!same_bits(a, initial_position(posterior, key, 1, torch::kFloat)));
    const RngKey other = purpose_key(10, Purpose::initial_position);
    QVERIFY(!same_bits(a, initial_position(posterior, other, 0, torch::kFloat)));
    for (const BlockInfo& block : posterior.layout.blocks()) {
      const std::int64_t size = ParameterLayout::size_of(block);
      const torch::Tensor values = a.slice(1, block.offset, block.offset + size);
      if (block.shape.size() == 1) {
        QCOMPARE(values.abs().max().item<float>(), 0.0f);
        continue;
      }
      const double variance =
          values.square().mean().item<double>() * static_cast<double>(block.shape[1]);
      QVERIFY(std::abs(variance - 1.0) < 5.0 * std::sqrt(2.0 / static_cast<double>(size)));
    }
  }

 private:
  static void list_cases() {
    QTest::addColumn<int>("number");
    for (std::size_t i = 0; i < cases.size(); ++i) {
      QTest::newRow(cases[i].first) << static_cast<int>(i);
    }
  }
};

QTEST_GUILESS_MAIN(TestPosteriors)
#include "tst_posteriors.moc"
