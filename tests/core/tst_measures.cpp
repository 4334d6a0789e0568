// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <limits>
#include <set>

#include "core/measures/measures.h"

using namespace ergo;

class TestMeasures : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void rowsAreComplete() {
    std::set<std::string> ids;
    for (const Measure& measure : measures()) {
      QVERIFY2(ids.insert(measure.id).second, measure.id.c_str());
      QVERIFY2(!measure.title.empty() && measure.doc.ends_with('.'), measure.id.c_str());
      QCOMPARE(find_measure(measure.id), &measure);
    }
    QVERIFY(find_measure("no such measure") == nullptr);
  }

  void tableComesFirstThenNames() {
    QVERIFY(measure_before("accuracy", "nll") && !measure_before("nll", "accuracy"));
    QVERIFY(measure_before("validation_nll", "a new one"));
    QVERIFY(measure_before("a new one", "b new one") && !measure_before("kld", "kld"));
  }

  void betterIsASmallerPenalty() {
    const auto of = [](const char* id, double value) { return penalty(*find_measure(id), value); };
    QVERIFY(of("nll", -1.0) < of("nll", 0.5));
    QVERIFY(of("accuracy", 0.9) < of("accuracy", 0.8));
    QVERIFY(of("coverage_90", 0.88) < of("coverage_90", 0.94));
    QCOMPARE(of("kld", 3.0), of("kld", 1.0));
  }

  void reasonsAreNamed() {
    QCOMPARE(why_undefined("nll", {0, true}, true), std::string("every chain diverged"));
    QCOMPARE(why_undefined("nll", {0, false}, true), std::string("no draws"));
    QCOMPARE(why_undefined("kld", {1, false}, true), std::string("it needs two draws"));
    QCOMPARE(why_undefined("nll", {1, false}, true), std::string("its computation was not finite"));
    QCOMPARE(why_undefined("wasserstein_to_reference", {5, false}, false),
             std::string("it needs an HMC reference"));
    QCOMPARE(why_undefined("nll", {5, false}, false),
             std::string("it is not measured for this sampler"));
  }
};

QTEST_GUILESS_MAIN(TestMeasures)
#include "tst_measures.moc"
