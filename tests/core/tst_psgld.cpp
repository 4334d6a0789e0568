// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/noise.h"
#include "core/samplers/psgld.h"
#include "core/samplers/sgld.h"
#include "tests/support/potentials.h"
#include "tests/support/sampler_bits.h"

using namespace ergo;
using namespace ergo::test;

namespace {

const std::vector<double> precisions = {0.5, 1.0, 2.0, 3.0, 0.1};
constexpr std::int64_t params = 5, data_count = 8;
constexpr RngKey key{80};

}  // namespace

class TestPsgld : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void followsItsEquation_data() { dtypes(); }
  void followsItsEquation() {
    QFETCH(bool, wide);
    const torch::NoGradGuard no_grad;
    constexpr double eps = 0.01, decay = 0.9, stabiliser = 0.02, temperature = 0.7;
    const auto sampler = make_psgld({eps, decay, stabiliser, temperature}, {});
    QuadraticPotential potential(diagonal(precisions), params, data_count);
    const torch::Tensor start =
        random_tensor(1, {2, params}, wide ? torch::kDouble : torch::kFloat);
    ChainState state = sampler->init(start.clone(), 3);
    std::vector<std::vector<double>> theta = {doubles(start[0]), doubles(start[1])};
    std::vector<std::vector<double>> v(2, std::vector<double>(params, 0.0));
    std::vector<double> noise(params);
    double sum = 0.0;
    for (std::int64_t t = 1; t <= 20; ++t) {
      sampler->step(key, state, potential);
      sum = 0.0;
      for (std::size_t chain = 0; chain < 2; ++chain) {
        fill_normal(key, 3 + static_cast<std::int64_t>(chain), t, params, noise.data());
        for (std::size_t i = 0; i < params; ++i) {
          const double grad = precisions[i] * theta[chain][i], mean = grad / data_count;
          v[chain][i] = decay * v[chain][i] + (1.0 - decay) * mean * mean;
          const double g = 1.0 / (stabiliser + std::sqrt(v[chain][i]));
          theta[chain][i] += -eps * g * grad + std::sqrt(2.0 * eps * g * temperature) * noise[i];
          sum += g;
        }
        const auto row = static_cast<std::int64_t>(chain);
        ERGO_OK(vectors_differ(doubles(state.position[row]), theta[chain], wide ? 1e-13 : 1e-5));
        ERGO_OK(vectors_differ(doubles(state.extra[0][row]), v[chain], wide ? 1e-13 : 1e-5));
      }
    }
    ERGO_OK(differs(sampler->info(state).at("preconditioner"), sum / (2.0 * params), 1e-4));
    QCOMPARE(state.gradient_evaluations, std::int64_t(40));
  }

  void constantPreconditionerIsSgld_data() { dtypes(); }
  void constantPreconditionerIsSgld() {
    QFETCH(bool, wide);
    const torch::NoGradGuard no_grad;
    const auto constant = make_psgld({0.01, 1.0, 0.25, 0.7}, {});
    const auto sgld = make_sgld({0.04, 0.7}, {});  // 0.01 / 0.25
    QuadraticPotential potential(diagonal(precisions), params, data_count);
    const torch::Tensor start =
        random_tensor(1, {3, params}, wide ? torch::kDouble : torch::kFloat);
    ChainState a = constant->init(start.clone(), 0), b = sgld->init(start.clone(), 0);
    for (int t = 0; t < 50; ++t) {
      constant->step(key, a, potential);
      sgld->step(key, b, potential);
    }
    ERGO_OK(vectors_differ(doubles(a.position), doubles(b.position), wide ? 1e-13 : 1e-5));
  }

  void kernelHasTheSameBitsEverywhere() {
    for (const double temperature : {0.0, 1.3})
      ERGO_OK(steps_differ(*make_psgld({0.01, 0.9, 1e-3, temperature}, {})));
  }

  /// A coordinate measured in other units moves as before in them, up to the stabiliser: without
  /// noise the whole point of the preconditioner.
  void unitsDoNotMatterWithoutNoise() {
    const torch::NoGradGuard no_grad;
    const auto sampler = make_psgld({0.01, 0.9, 1e-12, 0.0}, {});
    QuadraticPotential potential(diagonal({1.0, 10000.0}), 2, data_count);
    ChainState state = sampler->init(torch::tensor({{1.0, 1.0}}, torch::kDouble), 0);
    for (int t = 0; t < 30; ++t) sampler->step(key, state, potential);
    ERGO_OK(
        differs(state.position[0][0].item<double>(), state.position[0][1].item<double>(), 1e-9));
    QVERIFY(state.position[0][0].item<double>() < 0.9);
  }

 private:
  static void dtypes() {
    QTest::addColumn<bool>("wide");
    QTest::newRow("float32") << false;
    QTest::newRow("float64") << true;
  }
};

QTEST_GUILESS_MAIN(TestPsgld)
#include "tst_psgld.moc"
