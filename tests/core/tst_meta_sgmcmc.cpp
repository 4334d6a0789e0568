// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <cmath>

#include "core/base/error.h"
#include "core/base/noise.h"
#include "core/samplers/meta_parameters.h"
#include "core/samplers/meta_sgmcmc.h"
#include "core/samplers/sghmc.h"
#include "tests/support/potentials.h"
#include "tests/support/sampler_bits.h"

using namespace ergo;
using namespace ergo::test;

namespace {

const std::vector<double> precisions = {0.5, 1.0, 2.0, 3.0, 0.1};
constexpr std::int64_t params = 5, data_count = 8;
constexpr RngKey key{80};

/// Networks that bend Q and D visibly, with 4 hidden units.
NnsghmcParameters bent() {
  NnsghmcParameters p(4);
  const std::vector<double> z = normals(6, p.size(), 0.3);
  p.set_flat(std::vector<float>(z.begin(), z.end()));
  for (float& w : p.d.w1) w *= 0.1f;  // D from 1 to 10, with 50 |MLP_D|
  p.d.b1[0] *= 0.1f;
  p.step_multiplier = 0.02;
  p.friction = 3.0;
  return p;
}

/// Q and D at one point by the definition, in plain numbers.
struct Plain {
  const NnsghmcParameters& phi;

  static double net(const NnsghmcNetwork& n, const std::vector<double>& inputs) {
    double out = n.b1[0];
    for (std::size_t k = 0; k < n.b0.size(); ++k) {
      double before = n.b0[k];
      for (std::size_t i = 0; i < inputs.size(); ++i)
        before += n.w0[k * inputs.size() + i] * inputs[i];
      out += n.w1[k] * std::max(before, 0.0);
    }
    return out;
  }
  double q(double u, double p) const {
    return std::clamp(net(phi.q, {u, p}), -5.0, 5.0) + phi.q_constant;
  }
  double d(double u, double p, double g) const {
    const double curl = q(u, p);
    return std::clamp(phi.friction * curl * curl + 50.0 * std::abs(net(phi.d, {u, p, 70.0 * g})),
                      0.0, 1000.0);
  }
  /// A derivative by central differences.
  template <class F>
  static double slope(F f, double x) {
    constexpr double h = 1e-6;
    return (f(x + h) - f(x - h)) / (2.0 * h);
  }
};

}  // namespace

class TestMetaSgmcmc : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  /// Q = 1 and D = C constant: SGHMC.
  void silentNetworksAreSghmc_data() { dtypes(); }
  void silentNetworksAreSghmc() {
    QFETCH(bool, wide);
    const torch::NoGradGuard no_grad;
    NnsghmcParameters silent;
    silent.step_multiplier = 0.02;
    silent.friction = 3.0;
    SamplerContext context;
    context.data_count = data_count;
    const auto ours = make_meta_sgmcmc(silent, 0.7, true, context);
    const auto sghmc = make_sghmc({std::sqrt(0.02 / data_count), 3.0, 0.7}, context);
    QuadraticPotential potential(diagonal(precisions), params, data_count);
    const torch::Tensor start =
        random_tensor(1, {3, params}, wide ? torch::kDouble : torch::kFloat);
    ChainState a = ours->init(start.clone(), 2), b = sghmc->init(start.clone(), 2);
    for (int t = 0; t < 50; ++t) {
      ours->step(key, a, potential);
      sghmc->step(key, b, potential);
      ERGO_OK(vectors_differ(doubles(a.position), doubles(b.position), wide ? 1e-12 : 2e-5));
    }
    QCOMPARE(a.gradient_evaluations, b.gradient_evaluations);
  }

  /// Every term by plain numbers, the derivatives in Gamma by differences.
  void followsItsEquation_data() {
    QTest::addColumn<bool>("wide");
    QTest::addColumn<bool>("gamma");
    QTest::newRow("float32") << false << true;
    QTest::newRow("float64") << true << true;
    QTest::newRow("without Gamma") << true << false;
  }
  void followsItsEquation() {
    QFETCH(bool, wide);
    QFETCH(bool, gamma);
    const torch::NoGradGuard no_grad;
    constexpr double temperature = 0.7;
    const NnsghmcParameters phi = bent();
    const Plain plain{phi};
    SamplerContext context;
    context.data_count = data_count;
    const auto sampler = make_meta_sgmcmc(phi, temperature, gamma, context);
    QuadraticPotential potential(diagonal(precisions), params, data_count);
    ChainState state =
        sampler->init(random_tensor(1, {1, params}, wide ? torch::kDouble : torch::kFloat), 3);
    const double eps = std::sqrt(phi.step_multiplier / data_count), n = data_count;
    std::vector<double> theta = doubles(state.position[0]), p(params, 0.0), noise(params);
    for (std::int64_t t = 1; t <= 12; ++t) {
      sampler->step(key, state, potential);
      fill_normal(key, 3, t, params, noise.data());
      double u = 0.0;
      for (std::size_t i = 0; i < params; ++i) u += 0.5 * precisions[i] * theta[i] * theta[i] / n;
      for (std::size_t i = 0; i < params; ++i) {
        const double grad = precisions[i] * theta[i], g = grad / n, r = p[i];
        const double q = plain.q(u, r), d = plain.d(u, r, g);
        const auto by_u = [&](double x) { return plain.q(x, r); };
        const auto by_p = [&](double x) { return plain.d(u, x, g); };
        const double drift = gamma ? Plain::slope(by_u, u) * g + Plain::slope(by_p, r) : 0.0;
        p[i] = r - eps * q * grad - eps * d * r + eps * temperature * drift +
               std::sqrt(2.0 * eps * d * temperature) * noise[i];
        const auto then = [&](double x) { return plain.q(u, x); };
        const double turn = gamma ? Plain::slope(then, p[i]) : 0.0;
        theta[i] += eps * plain.q(u, p[i]) * p[i] - eps * temperature * turn;
      }
      ERGO_OK(vectors_differ(doubles(state.momentum[0]), p, wide ? 1e-6 : 2e-4, "p"));
      ERGO_OK(vectors_differ(doubles(state.position[0]), theta, wide ? 1e-6 : 2e-4, "theta"));
      // Differences are noisy in the ninth digit: each transition is compared from the same point.
      p = doubles(state.momentum[0]);
      theta = doubles(state.position[0]);
    }
  }

  void limitsAreFlat() {
    const torch::NoGradGuard no_grad;
    NnsghmcParameters phi(1);
    phi.q.b1 = {40.0f};
    phi.d.b1 = {-1e6f};
    const NnsghmcTensors tensors(torch::tensor(phi.flat()), phi);
    const torch::Tensor u = torch::ones({1, 1}), p = torch::ones({1, 3});
    const NnsghmcQ q = nnsghmc_q(tensors, u, p);
    const NnsghmcD d = nnsghmc_d(tensors, u, p, p, q);
    QCOMPARE(q.value[0][0].item<float>(), 6.0f);
    QCOMPARE(d.value[0][2].item<float>(), 1000.0f);
    for (const torch::Tensor& slope : {q.by_energy, q.by_momentum, d.by_momentum})
      QCOMPARE(slope.abs().max().item<float>(), 0.0f);
  }

  void kernelHasTheSameBitsEverywhere() {
    SamplerContext context;
    context.data_count = data_count;
    for (const double temperature : {0.0, 1.3})
      ERGO_OK(steps_differ(*make_meta_sgmcmc(bent(), temperature, true, context)));
  }

  /// The marginal of a standard normal stays what it is with the Gamma terms, and does not without:
  /// the point of the framework.
  void gammaKeepsTheDistribution() {
    const torch::NoGradGuard no_grad;
    NnsghmcParameters phi = bent();
    phi.step_multiplier = 4e-4;
    const double with = variance(phi, true), without = variance(phi, false);
    QVERIFY2(std::abs(with - 1.0) < 0.03, qPrintable(text(with)));
    QVERIFY2(std::abs(without - 1.0) > 0.06, qPrintable(text(without)));
  }

  void parametersSurviveTheirFile() {
    const std::filesystem::path file = folder() / "phi.safetensors";
    NnsghmcParameters phi = bent();
    phi.q_constant = 0.5;
    phi.metadata["origin"] = "test";
    save_nnsghmc(file, phi);
    const NnsghmcParameters again = load_nnsghmc(file);
    QVERIFY(again.flat() == phi.flat());
    QCOMPARE(again.q.hidden, std::int64_t(4));
    QCOMPARE(again.friction, 3.0);
    QCOMPARE(again.q_constant, 0.5);
    QVERIFY(again.metadata.at("origin") == "test");
  }

  void parametersOfAnotherSamplerAreRefused() {
    const std::filesystem::path file = folder() / "phi.safetensors";
    MetaParameters l2e;
    save_meta_parameters(file, l2e);
    ERGO_OK(wrong_error([&] { load_nnsghmc(file); }, ExitCode::data, "phi.safetensors",
                        "sampler 'l2e', not of meta_sgmcmc"));
    save_nnsghmc(file, bent());
    ERGO_OK(wrong_error([&] { load_meta_parameters(file); }, ExitCode::data,
                        "sampler 'meta_sgmcmc', not of l2e"));
    MetaSgmcmcConfig config;
    config.meta_parameters = "none.safetensors";
    SamplerContext context;
    context.folders = {folder()};
    ERGO_OK(wrong_error([&] { make_meta_sgmcmc(config, context); }, ExitCode::no_input,
                        "'meta_sgmcmc.meta_parameters'", "none.safetensors"));
  }

 private:
  static void dtypes() {
    QTest::addColumn<bool>("wide");
    QTest::newRow("float32") << false;
    QTest::newRow("float64") << true;
  }

  static QString text(double x) { return QString::number(x); }

  /// Of the positions of 2,000 independent coordinates after burn-in, U = theta^2 / 2 each. The
  /// energy that Q sees is their mean.
  static double variance(const NnsghmcParameters& phi, bool gamma) {
    constexpr std::int64_t wide = 2000;
    SamplerContext context;
    context.data_count = wide;
    NnsghmcParameters scaled = phi;
    scaled.step_multiplier *= static_cast<double>(wide);
    const auto sampler = make_meta_sgmcmc(scaled, 1.0, gamma, context);
    QuadraticPotential potential(torch::eye(1, torch::kDouble), wide, wide);
    ChainState state = sampler->init(random_tensor(2, {1, wide}, torch::kFloat), 0);
    double sum = 0.0;
    constexpr int steps = 6000, kept = 4000;
    for (int t = 0; t < steps; ++t) {
      sampler->step(key, state, potential);
      if (t >= steps - kept) sum += state.position.square().mean().item<double>() / kept;
    }
    return sum;
  }

  std::filesystem::path folder() const { return folder_.path().toStdString(); }
  QTemporaryDir folder_;
};

QTEST_GUILESS_MAIN(TestMetaSgmcmc)
#include "tst_meta_sgmcmc.moc"
