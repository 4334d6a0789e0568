// SPDX-License-Identifier: GPL-3.0-or-later
#include <Eigen/Dense>

#include "core/samplers/psgld.h"
#include "core/samplers/sghmc.h"
#include "core/samplers/sgld.h"
#include "core/samplers/sgnht.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

using Matrix4 = Eigen::Matrix4d;

/// SGHMC on U = x' P x / 2, P [2, 2], is z' = A z + n with z = (theta, r), n ~ N(0, S).
struct LinearMap {
  Matrix4 a, s;
};

LinearMap sghmc_map(const Eigen::Matrix2d& p, double eps, double friction, double temperature) {
  const Eigen::Matrix2d one = Eigen::Matrix2d::Identity();
  const double keep = 1.0 - eps * friction;
  LinearMap map;
  map.a << one - eps * eps * p, eps * keep * one, -eps * p, keep * one;
  map.s << eps * eps * one, eps * one, eps * one, one;
  map.s *= 2.0 * friction * eps * temperature;
  return map;
}

/// SGLD: z = (theta, 0).
LinearMap sgld_map(const Eigen::Matrix2d& p, double eps, double temperature) {
  LinearMap map{Matrix4::Zero(), Matrix4::Zero()};
  map.a.topLeftCorner<2, 2>() = Eigen::Matrix2d::Identity() - eps * p;
  map.s.topLeftCorner<2, 2>() = 2.0 * eps * temperature * Eigen::Matrix2d::Identity();
  return map;
}

/// Sigma = A Sigma A' + S by its 16 linear equations.
Matrix4 stationary_covariance(const LinearMap& map) {
  Eigen::Matrix<double, 16, 16> system = Eigen::Matrix<double, 16, 16>::Identity();
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) {
      system.block<4, 4>(4 * i, 4 * j) -= map.a(i, j) * map.a;
    }
  }
  const Eigen::Matrix<double, 16, 1> right =
      Eigen::Map<const Eigen::Matrix<double, 16, 1>>(map.s.data());
  const Eigen::Matrix<double, 16, 1> solution = system.fullPivLu().solve(right);
  return Eigen::Map<const Matrix4>(solution.data());
}

struct Estimate {
  double mean, standard_error;
};

/// Mean over independent copies of each copy's average over time.
Estimate estimate(const torch::Tensor& per_copy) {
  const auto n = static_cast<double>(per_copy.numel());
  return {per_copy.mean().item<double>(), per_copy.std().item<double>() / std::sqrt(n)};
}

struct Moments {
  torch::Tensor first, second;  ///< of z = (theta, r), of every copy, over time
};

/// Of 2048 independent copies of a chain on U = x' P x / 2.
Moments moments_of(const Sampler& sampler, const torch::Tensor& precision) {
  constexpr std::int64_t chains = 4, params = 1024, burn_in = 200, kept = 2500;
  QuadraticPotential potential(precision, params);
  ChainState state = sampler.init(torch::zeros({chains, params}, torch::kDouble), 0);
  Moments sum{torch::zeros({chains * params / 2, 4}, torch::kDouble),
              torch::zeros({chains * params / 2, 4, 4}, torch::kDouble)};
  for (std::int64_t t = 0; t < burn_in + kept; ++t) {
    sampler.step(RngKey{2024}, state, potential);
    if (t < burn_in) continue;
    const torch::Tensor z =
        torch::cat({state.position.reshape({-1, 2}), state.momentum.reshape({-1, 2})}, 1);
    sum.first.add_(z);
    sum.second.add_(z.unsqueeze(2) * z.unsqueeze(1));
  }
  return {sum.first / static_cast<double>(kept), sum.second / static_cast<double>(kept)};
}

}  // namespace

class TestStationary : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void solverSolves() {
    const LinearMap map = sghmc_map(Eigen::Matrix2d{{1.5, 0.4}, {0.4, 0.8}}, 0.3, 1.0, 1.3);
    const Matrix4 sigma = stationary_covariance(map);
    QVERIFY((sigma - map.a * sigma * map.a.transpose() - map.s).cwiseAbs().maxCoeff() < 1e-12);
    QVERIFY((sigma - sigma.transpose()).cwiseAbs().maxCoeff() < 1e-12);
  }

  void linearSamplersHaveTheDiscreteCovariance_data() {
    QTest::addColumn<QString>("id");
    for (const char* id : {"sghmc", "sgnht", "sgld", "psgld"}) QTest::newRow(id) << id;
  }
  /// Sample moments against the stationary law of the discrete chain, not of its limit: no
  /// step-size bias excuses a difference. 2048 independent copies give the standard errors. SGNHT
  /// is linear while its thermostat is held, pSGLD while its preconditioner is.
  void linearSamplersHaveTheDiscreteCovariance() {
    QFETCH(QString, id);
    const torch::NoGradGuard no_grad;
    constexpr double eps = 0.3, friction = 1.0, temperature = 1.3;
    const Eigen::Matrix2d p{{1.5, 0.4}, {0.4, 0.8}};
    const bool has_momentum = id == QStringLiteral("sghmc") || id == QStringLiteral("sgnht");
    const Matrix4 sigma = stationary_covariance(
        has_momentum ? sghmc_map(p, eps, friction, temperature) : sgld_map(p, eps, temperature));
    const auto sampler = [&]() -> std::unique_ptr<Sampler> {
      if (id == QStringLiteral("sghmc")) return make_sghmc({eps, friction, temperature}, {});
      if (id == QStringLiteral("sgnht")) return make_sgnht({eps, friction, 0.0, temperature}, {});
      if (id == QStringLiteral("sgld")) return make_sgld({eps, temperature}, {});
      return make_psgld({eps * 0.5, 1.0, 0.5, temperature}, {});
    }();
    const torch::Tensor precision =
        torch::tensor({1.5, 0.4, 0.4, 0.8}, torch::kDouble).reshape({2, 2});
    const Moments found = moments_of(*sampler, precision);
    for (int i = 0; i < (has_momentum ? 4 : 2); ++i) {
      const Estimate mean = estimate(found.first.select(1, i));
      QVERIFY2(std::abs(mean.mean) < 5.0 * mean.standard_error, qPrintable(text(mean, 0.0, i, i)));
      for (int j = i; j < (has_momentum ? 4 : 2); ++j) {
        const Estimate moment = estimate(found.second.select(1, i).select(1, j));
        QVERIFY2(std::abs(moment.mean - sigma(i, j)) < 5.0 * moment.standard_error,
                 qPrintable(text(moment, sigma(i, j), i, j)));
      }
    }
    // The gate is sharp enough to tell the discrete law from the continuous one, T P^-1 and T.
    const Eigen::Matrix2d limit = temperature * p.inverse();
    const Estimate position = estimate(found.second.select(1, 0).select(1, 0));
    const Estimate momentum = estimate(found.second.select(1, 2).select(1, 2));
    QVERIFY(std::abs(sigma(0, 0) - limit(0, 0)) > 10.0 * position.standard_error ||
            std::abs(sigma(2, 2) - temperature) > 10.0 * momentum.standard_error);
  }

 private:
  static QString text(const Estimate& e, double expected, int i, int j) {
    return QStringLiteral("entry %1,%2: %3 +- %4, expected %5")
        .arg(i)
        .arg(j)
        .arg(e.mean)
        .arg(e.standard_error)
        .arg(expected);
  }
};

QTEST_GUILESS_MAIN(TestStationary)
#include "tst_stationary.moc"
