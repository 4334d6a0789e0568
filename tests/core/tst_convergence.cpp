// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <cmath>
#include <limits>

#include "core/diagnostics/convergence.h"
#include "core/diagnostics/ess.h"
#include "core/diagnostics/rhat.h"
#include "plain_support.h"

using namespace ergo::diagnostics;
using ergo::test::near;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

enum Kind { plain, ties, stuck, drift };

struct ArvizCase {
  std::uint64_t seed;
  int chains, draws;
  double memory, shift;
  int kind;
  double rhat, bulk, tail, mean, mcse, chainwise;
};

const ArvizCase arviz_cases[] = {
#include "arviz_cases.h"
};

/// An autoregression driven by the C library's classic generator: the same doubles in any language.
Chains chains_of(const ArvizCase& c) {
  Chains result;
  for (int m = 0; m < c.chains; ++m) {
    std::uint64_t state = c.seed + static_cast<std::uint64_t>(m);
    double x = 0.0;
    std::vector<double> row;
    for (int t = 0; t < c.draws; ++t) {
      state = (1103515245 * state + 12345) % 2147483648;
      x = x * c.memory + (static_cast<double>(state) / 2147483648.0 - 0.5);
      row.push_back(x + c.shift * m);
      if (c.kind == ties) row.back() = std::floor(8 * row.back()) / 8;
      if (c.kind == stuck && m == 0 && t >= c.draws / 3)
        row.back() = row[static_cast<std::size_t>(c.draws / 3)];
      if (c.kind == drift) row.back() += t / 64.0;
    }
    result.push_back(row);
  }
  return result;
}

Chains autoregression(int chains, int draws, double memory, double shift) {
  return chains_of({12345, chains, draws, memory, shift, plain, 0, 0, 0, 0, 0, 0});
}

bool same(double a, double b) { return (std::isnan(a) && std::isnan(b)) || near(a, b, 1e-10); }

Convergence convergence(const Chains& chains) {
  return ConvergenceOf(chains.size(), chains.empty() ? 0 : chains[0].size())(chains);
}

}  // namespace

class TestConvergence : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void normalQuantile() {
    // scipy 1.17.1, scipy.stats.norm.ppf.
    const double table[][2] = {{1e-300, -37.047096299361201},
                               {1e-10, -6.3613409024040557},
                               {0.001, -3.0902323061678132},
                               {0.02425, -1.9729610513118849},
                               {0.1, -1.2815515655446004},
                               {0.3, -0.52440051270804089},
                               {0.5, 0.0},
                               {0.975, 1.959963984540054}};
    for (const auto& row : table) QVERIFY(near(normal_quantile(row[0]), row[1], 1e-14));
  }

  void matchesArviz() {
    QVERIFY(std::size(arviz_cases) >= 50);
    for (const ArvizCase& c : arviz_cases) {
      const Chains chains = chains_of(c);
      const std::string name = "seed " + std::to_string(c.seed);
      QVERIFY2(same(rhat(chains), c.rhat), name.c_str());
      QVERIFY2(same(ess_bulk(chains), c.bulk), name.c_str());
      QVERIFY2(same(ess_tail(chains), c.tail), name.c_str());
      QVERIFY2(same(ess_of(split(chains)).value, c.mean), name.c_str());
      QVERIFY2(same(mcse_mean(chains), c.mcse), name.c_str());
      QVERIFY2(same(chainwise_rhat(chains[0]), c.chainwise), name.c_str());
      const Convergence all = convergence(chains);
      QVERIFY2(same(all.rhat, c.rhat) && same(all.ess_bulk, c.bulk) && same(all.ess_tail, c.tail) &&
                   same(all.mcse, c.mcse) && same(all.chainwise[0], c.chainwise),
               name.c_str());
    }
  }

  /// Against ArviZ 0.23.4: az.rhat(method="rank"), az.ess(method="bulk"), az.ess(method="tail").
  void matchesArvizByHand() {
    const Chains small = {
        {1, 2, 2, 3, 5, 4, 3, 2}, {2, 1, 3, 3, 4, 2, 5, 6}, {1, 1, 2, 4, 3, 2, 2, 3}};
    const Chains binary = {{0, 1, 1, 0, 1, 0, 0, 1}, {1, 0, 0, 1, 0, 1, 1, 0}};
    struct Case {
      Chains chains;
      double rhat, bulk, tail;
    };
    const Case cases[] = {
        {small, 1.1342676412715555, 33.125069801078538, 33.125069801078538},
        {autoregression(4, 101, 0.75, 0), 1.02064804628121, 95.682966584731176, 159.09895355907901},
        {autoregression(2, 60, -0.5, 0), 1.0041901110247458, 249.50174952571496,
         116.46407139559928},
        {autoregression(3, 50, 0.5, 0.5), 1.6145299517474956, 5.6923712022434625,
         34.20028033016667},
        {autoregression(2, 4, 0.5, 0), 1.3381945563102509, 7.2247198959355483, 7.2247198959355483},
        {autoregression(2, 5, 0.5, 0), 1.2289719655710831, 7.2247198959355483, 7.2247198959355483},
        {binary, 0.8660254037844386, 19.265919722494797, 16.0}};
    for (const Case& c : cases) {
      QVERIFY2(near(rhat(c.chains), c.rhat, 1e-10), qPrintable(QString::number(rhat(c.chains))));
      QVERIFY2(near(ess_bulk(c.chains), c.bulk, 1e-10),
               qPrintable(QString::number(ess_bulk(c.chains))));
      QVERIFY2(near(ess_tail(c.chains), c.tail, 1e-10),
               qPrintable(QString::number(ess_tail(c.chains))));
    }
    const Chains one = autoregression(1, 40, 0.5, 0);
    QVERIFY(std::isnan(rhat(one)));
    QVERIFY(near(ess_bulk(one), 15.740849838703619, 1e-10));
    QVERIFY(near(ess_tail(one), 24.157660521296865, 1e-10));
  }

  void oddInput() {
    const Chains constant = {{2, 2, 2, 2}, {2, 2, 2, 2}};
    // ArviZ says 8, as if each draw told something.
    QVERIFY(std::isnan(ess_bulk(constant)) && std::isnan(ess_tail(constant)));
    QVERIFY(std::isnan(rhat(constant)) && std::isnan(mcse_mean(constant)));
    QVERIFY(std::isnan(rhat({{1, 2, 3}, {1, 2, 3}})) && std::isnan(ess_bulk({{1, 2, 3}})));
    QVERIFY(std::isnan(rhat({})) && std::isnan(ess_tail({})));
    QVERIFY(std::isnan(rhat({{1, 2, 3, infinity}, {1, 2, 3, 4}})));
    QVERIFY_EXCEPTION_THROWN(rhat({{1, 2, 3, 4}, {1, 2, 3, 4, 5}}), std::invalid_argument);
    QVERIFY(std::isnan(chainwise_rhat({1, 2, 3})) && std::isnan(chainwise_rhat({2, 2, 2, 2})));
    QCOMPARE(chainwise_rhat({1, 1, 2, 2}), infinity);
  }

  void flawsAreNamed() {
    const Chains two = autoregression(2, 20, 0.5, 0);
    QVERIFY(convergence(two).flaw == Flaw::none && convergence(two).rhat_flaw == Flaw::none);
    const Convergence one = convergence({two[0]});
    QVERIFY(one.flaw == Flaw::none && one.rhat_flaw == Flaw::one_chain);
    QVERIFY(std::isnan(one.rhat) && std::isfinite(one.ess_bulk) && one.chainwise.size() == 1);
    QVERIFY(convergence({{1, 2, 3}, {1, 2, 3}}).flaw == Flaw::short_chains);
    QVERIFY(convergence({}).flaw == Flaw::short_chains);
    QVERIFY(convergence({{1, 2, 3, infinity}, {1, 2, 3, 4}}).flaw == Flaw::not_finite);
    QVERIFY(convergence({{2, 2, 2, 2}, {2, 2, 2, 2}}).flaw == Flaw::constant);
    const Convergence still = convergence({{1, 1, 1, 1}, {2, 2, 2, 2}});
    QVERIFY(still.rhat_flaw == Flaw::stuck && std::isnan(still.rhat));
    for (const Flaw flaw :
         {Flaw::one_chain, Flaw::short_chains, Flaw::not_finite, Flaw::constant, Flaw::stuck}) {
      QVERIFY(!to_string(flaw).empty());
    }
  }

  /// 60 draws that alternate say more than 60 independent ones; how much more, nobody can tell.
  void antitheticChainsAreMarked() {
    const Convergence alternating = convergence(autoregression(2, 60, -0.9, 0));
    QVERIFY(alternating.capped);
    QVERIFY(near(alternating.ess_bulk, 120 * std::log10(120.0), 1e-12));
    QVERIFY(!convergence(autoregression(2, 60, 0.5, 0)).capped);
  }

  void undefinedCountsAsTheWorst() {
    const double nan = std::nan("");
    const Spread high = spread_of({1.3, 1.0, 1.1}, true),
                 low = spread_of({50, 200, 100, 400}, false);
    QCOMPARE(high.median, 1.1);
    QCOMPARE(high.worst, 1.3);
    QCOMPARE(low.median, 150.0);
    QCOMPARE(low.worst, 50.0);
    const Spread one = spread_of({1.0, nan, 1.2}, true), most = spread_of({nan, 1.0, nan}, true);
    QVERIFY(one.median == 1.2 && std::isnan(one.worst));
    QVERIFY(std::isnan(most.median) && std::isnan(spread_of({}, true).median));
  }

  void sharesAndReasons() {
    const Chains good = autoregression(2, 100, 0, 0), bad = autoregression(2, 100, 0, 2);
    const Chains same(2, std::vector<double>(100, 3.0));
    const ConvergenceOf of(2, 100);
    const ConvergenceSummary s =
        summarise(std::vector{of(good), of(bad), of(good), of(same)}, 2, 100);
    QVERIFY(s.values == 4 && s.chains == 2 && s.draws == 100);
    QCOMPARE(s.rhat_below[0], 0.5);
    QCOMPARE(s.chainwise_below[1], 0.75);  // each chain by itself sees no shift
    QVERIFY(std::isnan(s.rhat.worst) && std::isfinite(s.rhat.median));
    QCOMPARE(s.undefined.at("ess"), std::string("1 of 4 values: all draws are equal"));
    QCOMPARE(summarise(std::vector{of(same)}, 2, 100).undefined.at("rhat"),
             std::string("all draws are equal"));
    QVERIFY(std::isnan(summarise(std::vector{of(same)}, 2, 100).chainwise_below[0]));
    QVERIFY(summarise(std::vector{of(good)}, 2, 100).undefined.empty());
  }
};

QTEST_GUILESS_MAIN(TestConvergence)
#include "tst_convergence.moc"
