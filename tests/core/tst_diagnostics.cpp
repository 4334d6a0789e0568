// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/base/rng.h"
#include "core/diagnostics/agreement.h"
#include "core/diagnostics/band.h"
#include "core/diagnostics/calibration.h"
#include "core/diagnostics/diversity.h"
#include "core/diagnostics/predictive.h"
#include "core/diagnostics/projection.h"
#include "core/diagnostics/wasserstein.h"
#include "plain_support.h"

using namespace ergo;
using namespace ergo::diagnostics;
using test::near;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
std::vector<T> logs(const std::vector<double>& probabilities) {
  std::vector<T> result;
  for (const double p : probabilities) result.push_back(static_cast<T>(std::log(p)));
  return result;
}

double normal_density(double z) {
  return std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
}

/// K draws of n rows with one target and one sd.
struct OneSd {
  std::vector<double> sd;
  GaussianDraws draws;
  OneSd(const std::vector<double>& f, std::int64_t count, double sigma)
      : sd(f.size(), sigma),
        draws{f, sd, count, count > 0 ? static_cast<std::int64_t>(f.size()) / count : 0} {}
};

}  // namespace

class TestDiagnostics : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void gaussianNll() {
    // One draw: log sigma + log(2 pi)/2 + z^2/2 with z = 0 and 2.
    const std::vector<double> one = {1.0, 3.0}, y = {1.0, 4.0};
    const double expected = std::log(0.5) + 0.5 * std::log(2.0 * std::numbers::pi) + 1.0;
    QVERIFY(near(gaussian_nll(OneSd(one, 1, 0.5).draws, y), expected, 1e-14));
    const std::vector<double> two = {0.0, 1.0, 2.0, 1.0};  // K = 2, n = 2
    const std::vector<double> at = {0.5, 1.0};
    const double p0 = 0.5 * (normal_density(0.5) + normal_density(1.5)), p1 = normal_density(0.0);
    QVERIFY(near(gaussian_nll(OneSd(two, 2, 1.0).draws, at), -0.5 * (std::log(p0) + std::log(p1)),
                 1e-14));
    const std::vector<double> far = {0.0}, target = {1e4};  // exp(-z^2/2) underflows
    QVERIFY(near(gaussian_nll(OneSd(far, 1, 1.0).draws, target),
                 5e7 + 0.5 * std::log(2.0 * std::numbers::pi), 1e-14));
    QVERIFY(std::isnan(gaussian_nll(OneSd({}, 0, 1.0).draws, y)));
    QVERIFY(std::isnan(gaussian_nll(OneSd({}, 3, 1.0).draws, {})));
  }

  void rmseIsOfTheMean() {
    const std::vector<double> f = {0.0, 1.0, 2.0, 5.0}, y = {1.0, 0.0};  // means 1 and 3
    QVERIFY(near(rmse(OneSd(f, 2, 1.0).draws, y), std::sqrt(4.5), 1e-15));
    QVERIFY(std::isnan(rmse(OneSd({}, 0, 1.0).draws, y)));
  }

  void pitIsTheMixtureCdf() {
    const std::vector<double> f = {-1.0, 1.0}, y = {0.0};
    QVERIFY(near(pit(OneSd(f, 2, 0.7).draws, y)[0], 0.5, 1e-15));
    const std::vector<double> single = {0.0}, upper = {1.959963984540054};
    QVERIFY(near(pit(OneSd(single, 1, 1.0).draws, upper)[0], 0.975, 1e-14));
    QVERIFY(near(pit(OneSd(single, 1, 2.0).draws, upper)[0],
                 0.5 * std::erfc(-0.979981992270027 / std::sqrt(2)), 1e-14));
  }

  /// The rule by pit against the interval between quantiles found by bisection.
  void coverageMatchesTheQuantileInterval() {
    ScalarStream stream(RngKey::from_seed(3));
    constexpr int draws = 7, points = 60;
    const double sigma = 0.4;
    std::vector<double> f(draws * points), y(points);
    for (double& v : f) v = stream.normal();
    for (double& v : y) v = 1.2 * stream.normal();
    for (const double level : {0.05, 0.5, 0.9}) {
      int inside = 0;
      for (int i = 0; i < points; ++i) {
        const auto quantile = [&](double p) {
          double low = -50.0, high = 50.0;
          for (int step = 0; step < 200; ++step) {
            const double middle = 0.5 * (low + high);
            double cdf = 0.0;
            for (int k = 0; k < draws; ++k) {
              cdf += 0.5 * std::erfc((f[k * points + i] - middle) / (sigma * std::sqrt(2.0)));
            }
            (cdf / draws < p ? low : high) = middle;
          }
          return low;
        };
        if (y[i] >= quantile(0.5 - level / 2) && y[i] <= quantile(0.5 + level / 2)) ++inside;
      }
      QVERIFY(near(coverage(pit(OneSd(f, draws, sigma).draws, y), level), inside / 60.0, 1e-15));
      QVERIFY(inside > 0 && inside < points);
    }
    QVERIFY(std::isnan(coverage({}, 0.9)));
  }

  void coverageCurve() {
    const std::vector<double> u = {0.5, 0.3, 0.99, 0.74};
    const Reliability curve = coverage_curve(u);
    QCOMPARE(curve.predicted.size(), std::size_t{19});
    QVERIFY(near(curve.predicted[0], 0.05, 1e-15) && near(curve.predicted[18], 0.95, 1e-15));
    QVERIFY(near(curve.observed[0], 0.25, 1e-15));
    QVERIFY(near(curve.observed[9], 0.75, 1e-15));   // |u - .5| <= .25
    QVERIFY(near(curve.observed[18], 0.75, 1e-15));  // .49 > .475
  }

  void bayesianModelAverage() {
    // K = 2, n = 1, C = 3; a probability of zero in one draw.
    const auto draws = logs<float>({0.5, 0.5, 0.0, 0.25, 0.25, 0.5});
    const auto average = bma_log_prob(draws, 2, 1, 3);
    QVERIFY(near(std::exp(average[0]), 0.375, 1e-7));
    QVERIFY(near(std::exp(average[2]), 0.25, 1e-7));
    const std::vector<float> impossible(2, static_cast<float>(-infinity));
    QVERIFY(bma_log_prob(impossible, 2, 1, 1)[0] == -infinity);
    const std::vector<float> tiny = {-2000.0f, -2000.0f};
    QVERIFY(near(bma_log_prob(tiny, 2, 1, 1)[0], -2000.0, 1e-15));
    QVERIFY(std::isnan(bma_log_prob({}, 0, 1, 1)[0]));
  }

  void classificationScores() {
    const auto p = logs<double>({0.7, 0.2, 0.1, 0.3, 0.3, 0.4, 0.25, 0.5, 0.25});
    const std::vector<std::int32_t> labels = {0, 1, 1};
    QVERIFY(near(accuracy(p, labels), 2.0 / 3.0, 1e-15));
    QVERIFY(near(nll(p, labels), -(std::log(0.7) + std::log(0.3) + std::log(0.5)) / 3.0, 1e-15));
    const double expected = (0.09 + 0.04 + 0.01 + 0.09 + 0.49 + 0.16 + 0.0625 + 0.25 + 0.0625) / 3;
    QVERIFY(near(brier(p, labels), expected, 1e-14));
    QVERIFY(std::isnan(accuracy({}, {})) && std::isnan(nll({}, {})) && std::isnan(brier({}, {})));
  }

  void reliabilityBins() {
    // Five bins: .6 belongs to (.4, .6], .61 and .79 to (.6, .8], 1 to (.8, 1].
    const auto p = logs<double>({0.6, 0.4, 0.39, 0.61, 0.79, 0.21, 1.0, 0.0});
    const std::vector<std::int32_t> labels = {0, 0, 0, 0};
    const Reliability bins = reliability_bins(p, labels, 5);
    QVERIFY(near(bins.predicted[2], 0.6, 1e-15) && near(bins.observed[2], 1.0, 1e-15));
    QVERIFY(near(bins.predicted[3], 0.7, 1e-15) && near(bins.observed[3], 0.5, 1e-15));
    QVERIFY(near(bins.predicted[4], 1.0, 1e-15) && near(bins.weight[4], 0.25, 1e-15));
    QVERIFY(std::isnan(bins.observed[0]) && bins.weight[0] == 0.0);
    QVERIFY(near(expected_calibration_error(bins), 0.25 * 0.4 + 0.5 * 0.2, 1e-14));
    QCOMPARE(reliability_bins(p, labels).weight.size(), std::size_t{15});
    QVERIFY(std::isnan(expected_calibration_error(reliability_bins({}, {}))));
  }

  void pairwiseKldOfClasses() {
    // K = 2, n = 2, C = 2; the second input agrees.
    const auto p = logs<float>({0.5, 0.5, 0.3, 0.7, 0.9, 0.1, 0.3, 0.7});
    const auto kl = pairwise_kld(p, 2, 2, 2);
    const double forward = 0.5 * std::log(0.5 / 0.9) + 0.5 * std::log(0.5 / 0.1);
    const double backward = 0.9 * std::log(0.9 / 0.5) + 0.1 * std::log(0.1 / 0.5);
    QVERIFY(near(kl[1], forward / 2, 1e-6) && near(kl[2], backward / 2, 1e-6));
    QVERIFY(kl[0] == 0.0 && kl[3] == 0.0);
    QVERIFY(near(mean_over_pairs(kl, 2), (forward + backward) / 4, 1e-6));
    QVERIFY(std::isnan(mean_over_pairs(pairwise_kld(logs<float>({0.5, 0.5}), 1, 1, 2), 1)));
  }

  void pairwiseKldWithZeros() {
    const auto p = logs<float>({1.0, 0.0, 0.5, 0.5});
    const auto kl = pairwise_kld(p, 2, 1, 2);
    QVERIFY(near(kl[1], std::log(2.0), 1e-6));
    QVERIFY(kl[2] == infinity);
    // Very improbable is not impossible.
    const std::vector<float> steep = {0.0f, -3000.0f, -3000.0f, 0.0f};
    QVERIFY(near(pairwise_kld(steep, 2, 1, 2)[1], 3000.0, 1e-6));
  }

  /// More columns than one block of the product.
  void pairwiseKldOfManyInputs() {
    constexpr int points = 5000;
    std::vector<float> p;
    for (int k = 0; k < 2; ++k) {
      for (int i = 0; i < points; ++i) {
        const auto row = logs<float>(k == 0 ? std::vector{0.5, 0.5} : std::vector{0.25, 0.75});
        p.insert(p.end(), row.begin(), row.end());
      }
    }
    const auto kl = pairwise_kld(p, 2, points, 2);
    QVERIFY(near(kl[1], 0.5 * std::log(2.0) + 0.5 * std::log(2.0 / 3.0), 1e-6));
  }

  void pairwiseKldOfRegression() {
    const std::vector<double> f = {0.0, 0.0, 1.0, 3.0, 2.0, 0.0};  // K = 3, n = 2
    const auto kl = pairwise_kld_gaussian(OneSd(f, 3, 0.5).draws);
    QVERIFY(near(kl[1], 10.0, 1e-14) && near(kl[3], 10.0, 1e-14));  // (1 + 9)/2 / (2*.25)
    QVERIFY(near(kl[2], 4.0, 1e-14) && near(kl[5], 10.0, 1e-14));
    QVERIFY(kl[4] == 0.0);
    QVERIFY(near(mean_over_pairs(kl, 3), 8.0, 1e-14));
  }

  void pairwiseDisagreement() {
    // K = 3; first input: classes 0, 0, 1 (4 of 6 ordered pairs differ); second: all 1.
    const auto p = logs<float>({0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.1, 0.9, 0.3, 0.7, 0.4, 0.6});
    QVERIFY(near(diagnostics::pairwise_disagreement(p, 3, 2, 2), 1.0 / 3.0, 1e-15));
    QVERIFY(std::isnan(diagnostics::pairwise_disagreement(p, 1, 2, 2)));
  }

  void agreementOfTwoPredictives() {
    // Tops 0, 1 against 0, 0; half the sums of differences: 0.1 and 0.5.
    const std::vector<double> p = {0.6, 0.3, 0.1, 0.2, 0.7, 0.1};
    const std::vector<double> q = {0.5, 0.4, 0.1, 0.7, 0.2, 0.1};
    QCOMPARE(diagnostics::top1_agreement(p, q, 3), 0.5);
    QVERIFY(near(diagnostics::total_variation(p, q, 3), 0.3, 1e-15));
    QCOMPARE(diagnostics::top1_agreement(p, p, 3), 1.0);
    QCOMPARE(diagnostics::total_variation(p, p, 3), 0.0);
    QVERIFY(std::isnan(diagnostics::top1_agreement({}, {}, 3)));
  }

  void wassersteinByHand() {
    QVERIFY(near(wasserstein({0, 1}, {5, 6}), 5.0, 1e-15));
    QVERIFY(near(wasserstein({3, 1, 2}, {1, 2, 3}), 0.0, 1e-15));
    QVERIFY(near(wasserstein({0, 1}, {0, 0, 1, 1}), 0.0, 1e-15));
    // F_a - F_b is 1/2 - 1/3 on [0, 1): {0, 2} against {0, 1, 2}, and -1/6 on [1, 2).
    QVERIFY(near(wasserstein({0, 2}, {0, 1, 2}), 1.0 / 3.0, 1e-15));
    QVERIFY(std::isnan(wasserstein({}, {1})));
    QVERIFY(std::isnan(wasserstein({1}, {infinity})));
    const std::vector<double> f = {0, 1, 2, 3}, g = {1, 1};  // columns {0, 2}, {1, 3}
    QVERIFY(near(mean_wasserstein(f, 2, g, 1, 2), 1.0, 1e-15));
  }

  /// Equal sizes: the mean distance of the sorted samples.
  void wassersteinOfEqualSizes() {
    ScalarStream stream(RngKey::from_seed(8));
    std::vector<double> a(50), b(50);
    for (double& v : a) v = stream.normal();
    for (double& v : b) v = 2.0 * stream.normal() + 0.3;
    const double distance = wasserstein(a, b);
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    double expected = 0.0;
    for (int i = 0; i < 50; ++i) expected += std::abs(a[i] - b[i]) / 50.0;
    QVERIFY(near(distance, expected, 1e-13));
  }

  /// Points built in a known plane with a known third direction.
  void planeOfKnownPoints() {
    constexpr int dims = 3000;  // more than one block
    const double a[] = {-3, -1, 1, 3}, b[] = {1, -1, -1, 1}, c[] = {-0.1, 0.3, -0.3, 0.1};
    std::vector<std::vector<float>> rows(4, std::vector<float>(dims, 100.0f));
    std::vector<const float*> points;
    for (int i = 0; i < 4; ++i) {
      rows[i][5] += static_cast<float>(a[i]);
      rows[i][1500] += static_cast<float>(b[i]);
      rows[i][2999] += static_cast<float>(c[i]);
      points.push_back(rows[i].data());
    }
    const Plane plane = pca_plane(points, dims);
    const double total = 20.0 + 4.0 + 0.2;
    QVERIFY(near(plane.explained[0], 20.0 / total, 1e-5));
    QVERIFY(near(plane.explained[1], 4.0 / total, 1e-5));
    for (int i = 0; i < 4; ++i) {
      QVERIFY(near(plane.x[i], a[i], 1e-4));   // first coordinate is already negative
      QVERIFY(near(plane.y[i], -b[i], 1e-4));  // first coordinate would be positive
      QVERIFY(near(plane.off_plane[i], std::abs(c[i]), 1e-3));
    }
  }

  void planeOfFewPoints() {
    const std::vector<float> p = {1, 2}, q = {4, 6};
    QVERIFY(pca_plane({}, 2).x.empty());
    const Plane single = pca_plane({p.data()}, 2);
    QVERIFY(single.x[0] == 0.0f && single.explained[0] == 0.0);
    const Plane pair = pca_plane({p.data(), q.data()}, 2);
    QVERIFY(near(pair.x[0], -2.5, 1e-6) && near(pair.x[1], 2.5, 1e-6));
    QVERIFY(near(pair.explained[0], 1.0, 1e-12));
    QVERIFY(near(pair.off_plane[1], 0.0, 1e-6));
  }

  void band() {
    std::vector<double> f;  // K = 21 functions on 2 points: k and -10 k
    for (int k = 0; k <= 20; ++k) f.insert(f.end(), {20.0 - k, -10.0 * k});
    const Band bands = band_of(f, 21, 2);
    QVERIFY(near(bands.mean[0], 10.0, 1e-15) && near(bands.mean[1], -100.0, 1e-15));
    QVERIFY(near(bands.q05[0], 1.0, 1e-15) && near(bands.q95[0], 19.0, 1e-15));
    QVERIFY(near(bands.q25[1], -150.0, 1e-15) && near(bands.q75[1], -50.0, 1e-15));
    QCOMPARE(bands.functions.size(), std::size_t{8});
    QVERIFY(bands.functions[0][0] == 20.0 && bands.functions[7][0] == 0.0);
    const Band two = band_of(std::vector<double>{1.0, 2.0}, 2, 1);
    QVERIFY(near(two.q25[0], 1.25, 1e-15));
    QCOMPARE(two.functions.size(), std::size_t{2});
    QVERIFY(band_of({}, 0, 5).mean.empty());
  }
};

QTEST_GUILESS_MAIN(TestDiagnostics)
#include "tst_diagnostics.moc"
