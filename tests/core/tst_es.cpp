// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits>

#include "core/meta/es.h"
#include "core/meta/outer_step.h"
#include "tests/support/check.h"

using namespace ergo;
using namespace ergo::test;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr std::size_t size = 12;

EsConfig config_of(const std::string& difference) {
  EsConfig config;
  config.sigma = 0.05;
  config.difference = difference;
  return config;
}

/// L(phi) = sum a_i (phi_i - 1)^2 with a_i = 1 + i; its gradient is 2 a_i (phi_i - 1).
double quadratic(const std::vector<double>& phi) {
  double sum = 0.0;
  for (std::size_t i = 0; i < phi.size(); ++i) {
    sum += (1.0 + static_cast<double>(i)) * (phi[i] - 1.0) * (phi[i] - 1.0);
  }
  return sum;
}

PairLoss losses_at(const std::vector<double>& phi, RngKey key, std::int64_t iteration,
                   std::int64_t pair, double sigma) {
  const std::vector<float> v = es_direction(key, iteration, pair, phi.size());
  std::vector<double> plus = phi, minus = phi;
  for (std::size_t i = 0; i < phi.size(); ++i) {
    plus[i] += sigma * static_cast<double>(v[i]);
    minus[i] -= sigma * static_cast<double>(v[i]);
  }
  return {quadratic(plus), quadratic(minus)};
}

}  // namespace

class TestEs : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void directionsAreRegenerated() {
    const RngKey key{8};
    const auto v = es_direction(key, 3, 1, size);
    QVERIFY(v == es_direction(key, 3, 1, size));
    QVERIFY(v != es_direction(key, 3, 2, size));
    QVERIFY(v != es_direction(key, 4, 1, size));
    QVERIFY(v != es_direction(RngKey{9}, 3, 1, size));
  }

  /// On a quadratic the antithetic estimate is unbiased for the analytic gradient.
  void expectationIsTheGradient() {
    const RngKey key{21};
    const EsConfig config = config_of("raw");
    const std::vector<double> phi = normals(2, size);
    constexpr int iterations = 4000;
    std::vector<double> sum(size, 0.0), squares(size, 0.0);
    for (int it = 0; it < iterations; ++it) {
      const std::vector<PairLoss> loss = {losses_at(phi, key, it, 0, config.sigma),
                                          losses_at(phi, key, it, 1, config.sigma)};
      const auto g = es_gradient(key, it, loss, size, config);
      for (std::size_t i = 0; i < size; ++i) {
        sum[i] += g[i];
        squares[i] += g[i] * g[i];
      }
    }
    for (std::size_t i = 0; i < size; ++i) {
      const double mean = sum[i] / iterations;
      const double error = std::sqrt((squares[i] / iterations - mean * mean) / iterations);
      const double expected = 2.0 * (1.0 + static_cast<double>(i)) * (phi[i] - 1.0);
      QVERIFY2(
          std::abs(mean - expected) < 5.0 * error,
          qPrintable(QStringLiteral("%1 +- %2, expected %3").arg(mean).arg(error).arg(expected)));
    }
  }

  /// Even parts of the loss cancel between the arms; one raw pair is the official formula.
  void antitheticPairsCancel() {
    const RngKey key{21};
    const EsConfig config = config_of("raw");
    for (const double g : es_gradient(key, 0, {{7.5, 7.5}}, size, config)) QCOMPARE(g, 0.0);
    const auto v = es_direction(key, 0, 0, size);
    const auto gradient = es_gradient(key, 0, {{3.0, 1.0}}, size, config);
    std::vector<double> official;
    for (const float x : v) {
      official.push_back(2.0 / (2.0 * 0.05 * 0.05) * (0.05 * static_cast<double>(x)));
    }
    ERGO_OK(vectors_differ(gradient, official, 1e-14));
  }

  void shapings_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QList<double>>("expected");
    // Differences of the pairs below: 0.5, -4, +inf, both failed, -inf.
    QTest::newRow("raw") << "raw" << QList<double>{0.5, -4.0, 0.0, 0.0, 0.0};
    QTest::newRow("clipped") << "clipped" << QList<double>{0.5, -1.0, 1.0, 0.0, -1.0};
    // By size: 0 (both failed), 0.5, -4, +inf, -inf (ties in order).
    QTest::newRow("ranked") << "ranked" << QList<double>{0.4, -0.6, 0.8, 0.0, -1.0};
  }
  void shapings() {
    QFETCH(QString, kind);
    QFETCH(QList<double>, expected);
    const std::vector<PairLoss> losses = {
        {1.5, 1.0}, {1.0, 5.0}, {infinite, 2.0}, {infinite, infinite}, {2.0, infinite}};
    const auto d = shaped_differences(losses, config_of(kind.toStdString()));
    ERGO_OK(vectors_differ(d, expected, 1e-15));
  }

  void normIsClipped() {
    const auto free = es_gradient(RngKey{1}, 0, {{3.0, 1.0}}, size, config_of("raw"));
    double squares = 0.0;
    for (const double g : free) squares += g * g;
    const double norm = std::sqrt(squares);
    QVERIFY(norm > 1.0);
    std::vector<double> expected = free, clipped = free;
    for (double& g : expected) g /= norm;
    ERGO_OK(differs(clip_gradient(clipped, 1.0), norm, 1e-12));
    ERGO_OK(vectors_differ(clipped, expected, 1e-14));
    ERGO_OK(differs(clip_gradient(clipped, 2.0), 1.0, 1e-12));  // short enough already
    ERGO_OK(vectors_differ(clipped, expected, 1e-14));
    std::vector<double> unbounded = free;
    clip_gradient(unbounded, 0.0);
    QVERIFY(unbounded == free);
  }

  /// Three Adam steps by the formulas of the paper.
  void adamFollowsItsEquations() {
    Adam adam(2);
    std::vector<float> phi = {1.0f, -2.0f};
    std::vector<double> x = {1.0, -2.0}, m(2, 0.0), v(2, 0.0);
    const std::vector<std::vector<double>> gradients = {{0.3, -2.0}, {-0.1, 0.5}, {4.0, 0.0}};
    for (int t = 1; t <= 3; ++t) {
      const std::vector<double>& g = gradients[static_cast<std::size_t>(t - 1)];
      adam.update(phi, g, 0.1);
      for (std::size_t i = 0; i < 2; ++i) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
        x[i] -= 0.1 * (m[i] / (1 - std::pow(0.9, t))) /
                (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
      }
      ERGO_OK(vectors_differ(phi, x, 1e-6));
    }
    QCOMPARE(adam.steps, std::int64_t(3));
  }

  /// A fresh Adam every iteration moves by the rate against the sign of the gradient.
  void resetMomentsAreSignDescent() {
    std::vector<float> phi = {0.0f, 0.0f, 0.0f};
    for (int i = 0; i < 3; ++i) Adam(3).update(phi, {1e-3, -50.0, 0.0}, 0.01);
    ERGO_OK(vectors_differ(phi, std::vector<double>{-0.03, 0.03, 0.0}, 1e-4));
  }

  void learningRateFallsAlongACosine() {
    EsConfig config;
    config.learning_rate = 0.01;
    config.final_learning_rate = 0.002;
    ERGO_OK(differs(learning_rate_at(config, 0, 100), 0.01, 1e-15));
    ERGO_OK(differs(learning_rate_at(config, 50, 100), 0.006, 1e-15));
    ERGO_OK(differs(learning_rate_at(config, 100, 100), 0.002, 1e-15));
  }
};

QTEST_GUILESS_MAIN(TestEs)
#include "tst_es.moc"
