// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/noise.h"
#include "core/samplers/sghmc.h"
#include "core/samplers/sgnht.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

const std::vector<double> precisions = {0.5, 1.0, 2.0, 3.0, 0.1};
constexpr std::int64_t params = 5;
constexpr RngKey key{79};

/// U = x'x / 2, its gradient with independent noise of sd `sd`, as minibatches have it.
class NoisyPotential final : public Potential {
 public:
  NoisyPotential(std::int64_t count, double sd)
      : inner_(torch::eye(1, torch::kDouble), count), sd_(sd) {}
  void bind(std::span<const std::int64_t>, std::int64_t) override {}
  void bind_all() override {}
  const Evaluation& evaluate(const torch::Tensor& position) override {
    const Evaluation& exact = inner_.evaluate(position);
    noise_.resize(static_cast<std::size_t>(position.numel()));
    fill_normal(RngKey{5}, 0, ++calls_, position.numel(), noise_.data());
    result_.potential = exact.potential;
    result_.grad =
        exact.grad + sd_ * torch::from_blob(noise_.data(), position.sizes(), position.options());
    return result_;
  }
  std::int64_t data_count() const override { return inner_.data_count(); }
  const ParameterLayout& layout() const override { return inner_.layout(); }

 private:
  QuadraticPotential inner_;
  double sd_;
  std::int64_t calls_ = 0;
  std::vector<double> noise_;
  Evaluation result_;
};

/// Mean squares of position and momentum after a burn-in, over parameters and transitions.
struct Heat {
  double position = 0, momentum = 0;
};

Heat heat_of(const Sampler& sampler, ChainState& state, Potential& potential) {
  constexpr std::int64_t burn_in = 1500, kept = 3000;
  Heat heat;
  for (std::int64_t t = 0; t < burn_in + kept; ++t) {
    sampler.step(key, state, potential);
    if (t < burn_in) continue;
    heat.position += state.position.square().mean().item<double>() / kept;
    heat.momentum += state.momentum.square().mean().item<double>() / kept;
  }
  return heat;
}

}  // namespace

class TestSgnht : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void followsItsEquation_data() { dtypes(); }
  /// Two chains, each with a thermostat of its own.
  void followsItsEquation() {
    QFETCH(bool, wide);
    const torch::NoGradGuard no_grad;
    constexpr double eps = 0.1, c = 2.0, rate = 3.0, temperature = 0.7;
    const auto sampler = make_sgnht({eps, c, rate, temperature}, {});
    QuadraticPotential potential(diagonal(precisions), params);
    const torch::Tensor start =
        random_tensor(1, {2, params}, wide ? torch::kDouble : torch::kFloat);
    ChainState state = sampler->init(start.clone(), 3);
    std::vector<std::vector<double>> theta = {doubles(start[0]), doubles(start[1])};
    std::vector<std::vector<double>> r(2, std::vector<double>(params, 0.0));
    std::vector<double> xi(2, c), noise(params);
    for (std::int64_t t = 1; t <= 20; ++t) {
      sampler->step(key, state, potential);
      for (std::size_t chain = 0; chain < 2; ++chain) {
        fill_normal(key, 3 + static_cast<std::int64_t>(chain), t, params, noise.data());
        double heat = 0.0;
        for (std::size_t i = 0; i < params; ++i) {
          double& p = r[chain][i];
          p += -eps * (precisions[i] * theta[chain][i] + xi[chain] * p) +
               std::sqrt(2.0 * c * eps * temperature) * noise[i];
          theta[chain][i] += eps * p;
          heat += p * p / params;
        }
        xi[chain] += rate * eps * (heat - temperature);
        const auto row = static_cast<std::int64_t>(chain);
        ERGO_OK(vectors_differ(doubles(state.position[row]), theta[chain], wide ? 1e-13 : 2e-5));
        ERGO_OK(vectors_differ(doubles(state.momentum[row]), r[chain], wide ? 1e-13 : 2e-5));
      }
      ERGO_OK(vectors_differ(doubles(state.extra[0]), xi, wide ? 1e-13 : 2e-5));
    }
    QVERIFY(std::abs(xi[0] - c) > 0.1 && std::abs(xi[0] - xi[1]) > 0.1);
    ERGO_OK(differs(sampler->info(state).at("thermostat"), (xi[0] + xi[1]) / 2.0, 1e-5));
    QCOMPARE(state.gradient_evaluations, std::int64_t(40));
  }

  void heldThermostatIsSghmc_data() { dtypes(); }
  void heldThermostatIsSghmc() {
    QFETCH(bool, wide);
    const torch::NoGradGuard no_grad;
    const auto held = make_sgnht({0.05, 2.0, 0.0, 0.7}, {});
    const auto sghmc = make_sghmc({0.05, 2.0, 0.7}, {});
    QuadraticPotential potential(diagonal(precisions), params);
    const torch::Tensor start =
        random_tensor(1, {3, params}, wide ? torch::kDouble : torch::kFloat);
    ChainState a = held->init(start.clone(), 0), b = sghmc->init(start.clone(), 0);
    for (int t = 0; t < 50; ++t) {
      held->step(key, a, potential);
      sghmc->step(key, b, potential);
    }
    QVERIFY(same_bits(a.position, b.position) && same_bits(a.momentum, b.momentum));
  }

  /// Noise of the gradient that nobody told the sampler: SGHMC doubles its temperature, to which
  /// eps sd^2 / (2 C) is added; SGNHT finds the friction C + eps sd^2 / (2 T) that keeps it.
  void gradientNoiseHeatsNothing() {
    const torch::NoGradGuard no_grad;
    constexpr double eps = 0.05, c = 1.0, temperature = 1.0, sd = 6.3245553203367585;  // sqrt(40)
    constexpr std::int64_t count = 400;
    NoisyPotential noisy(count, sd), same(count, sd);
    const auto sghmc = make_sghmc({eps, c, temperature}, {});
    const auto sgnht = make_sgnht({eps, c, 1.0, temperature}, {});
    const torch::Tensor zero = torch::zeros({1, count}, torch::kDouble);
    ChainState hot = sghmc->init(zero.clone(), 0), kept = sgnht->init(zero.clone(), 0);
    const Heat heated = heat_of(*sghmc, hot, noisy), regulated = heat_of(*sgnht, kept, same);
    QVERIFY2(std::abs(heated.position - 2.0) < 0.1, qPrintable(QString::number(heated.position)));
    // The chain is an AR(2) process, in which E r^2 = T makes the position's variance that.
    const double expected = temperature * (1.0 - eps * (c + eps * sd * sd / 2.0) / 2.0);
    QVERIFY2(std::abs(regulated.position - expected) < 0.03,
             qPrintable(QString::number(regulated.position)));
    // xi does not run away, so that the momentum's mean square is T up to (change of xi) / time.
    QVERIFY2(std::abs(regulated.momentum - temperature) < 0.005,
             qPrintable(QString::number(regulated.momentum)));
    const double xi = sgnht->info(kept).at("thermostat");
    QVERIFY2(std::abs(xi - (c + eps * sd * sd / 2.0)) < 0.4, qPrintable(QString::number(xi)));
  }

 private:
  static void dtypes() {
    QTest::addColumn<bool>("wide");
    QTest::newRow("float32") << false;
    QTest::newRow("float64") << true;
  }
};

QTEST_GUILESS_MAIN(TestSgnht)
#include "tst_sgnht.moc"
