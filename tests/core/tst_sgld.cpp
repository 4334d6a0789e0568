// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/noise.h"
#include "core/samplers/sgld.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

const std::vector<double> precisions = {0.5, 1.0, 2.0, 3.0, 0.1};
constexpr std::int64_t params = 5;
constexpr RngKey key{78};

}  // namespace

class TestSgld : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void followsItsEquation_data() { dtypes(); }
  void followsItsEquation() {
    QFETCH(bool, wide);
    const torch::NoGradGuard no_grad;
    constexpr double eps = 0.03, temperature = 0.7;
    const auto sampler = make_sgld({eps, temperature}, {});
    QuadraticPotential potential(diagonal(precisions), params);
    ChainState state =
        sampler->init(random_tensor(1, {1, params}, wide ? torch::kDouble : torch::kFloat), 3);
    std::vector<double> theta = doubles(state.position[0]), noise(params);
    for (std::int64_t t = 1; t <= 10; ++t) {
      fill_normal(key, 3, t, params, noise.data());
      for (std::size_t i = 0; i < theta.size(); ++i)
        theta[i] += -eps * precisions[i] * theta[i] + std::sqrt(2 * eps * temperature) * noise[i];
      ERGO_OK(differs(sampler->step(key, state, potential).step_size, eps, 1e-15, "step size"));
      ERGO_OK(vectors_differ(doubles(state.position[0]), theta, wide ? 1e-13 : 2e-6));
    }
    QCOMPARE(state.gradient_evaluations, std::int64_t(10));
  }

  void withoutTemperatureTheKeyDoesNotMatter() {
    const torch::NoGradGuard no_grad;
    const auto sampler = make_sgld({0.03, 0.0}, {});
    QuadraticPotential potential(diagonal(precisions), params);
    ChainState a = sampler->init(random_tensor(1, {1, params}, torch::kFloat), 0);
    ChainState b = sampler->init(a.position.clone(), 0);
    sampler->step(RngKey{1}, a, potential);
    sampler->step(RngKey{2}, b, potential);
    QVERIFY(same_bits(a.position, b.position));
  }

  /// The variance of the discrete chain, T / (p - eps p^2 / 2), within five standard errors of 4096
  /// independent copies; the limit T / p lies outside.
  void hasTheDiscreteVariance() {
    const torch::NoGradGuard no_grad;
    constexpr double eps = 0.4, temperature = 1.3, precision = 2.0;
    constexpr std::int64_t copies = 4096, burn_in = 50, kept = 400;
    const auto sampler = make_sgld({eps, temperature}, {});
    QuadraticPotential potential(torch::full({1, 1}, precision, torch::kDouble), copies);
    ChainState state = sampler->init(torch::zeros({1, copies}, torch::kDouble), 0);
    torch::Tensor second = torch::zeros({copies}, torch::kDouble);
    for (std::int64_t t = 0; t < burn_in + kept; ++t) {
      sampler->step(RngKey{2025}, state, potential);
      if (t >= burn_in) second.add_(state.position[0].square());
    }
    second.div_(static_cast<double>(kept));
    const double mean = second.mean().item<double>();
    const double error = second.std().item<double>() / std::sqrt(static_cast<double>(copies));
    const double expected = temperature / (precision - eps * precision * precision / 2.0);
    QVERIFY2(std::abs(mean - expected) < 5.0 * error, qPrintable(QString::number(mean)));
    QVERIFY(std::abs(mean - temperature / precision) > 10.0 * error);
  }

 private:
  static void dtypes() {
    QTest::addColumn<bool>("wide");
    QTest::newRow("float32") << false;
    QTest::newRow("float64") << true;
  }
};

QTEST_GUILESS_MAIN(TestSgld)
#include "tst_sgld.moc"
