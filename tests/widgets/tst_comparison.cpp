// SPDX-License-Identifier: GPL-3.0-or-later
// The table of runs: seeds together, differences to a baseline, copies.
#include <QAbstractItemModelTester>

#include "tests/widgets/plot_fixture.h"
#include "widgets/tables/comparison_model.h"

using namespace ergo;
using namespace ergo::fixture;

namespace {

/// A run whose samplers all have the nll that `nll` gives for their number.
template <class Nll>
void addRun(ComparisonModel& model, std::int64_t run, std::uint64_t seed,
            const std::string& settings, Nll nll) {
  RunStarted start = sample::started(run);
  start.seed = seed;
  start.resolved_preset = settings;
  model.consume(start);
  for (int s = 0; s < 4; ++s) {
    MetricsUpdated event = sample::metrics(s, run);
    event.metrics = {{"nll", nll(s)}, {"accuracy", 0.9}};
    model.consume(event);
  }
}

QString cell(const ComparisonModel& model, int row, int column) {
  return model.index(row, column).data().toString();
}

/// Of the row's nll.
QString nllOf(const ComparisonModel& model, int row) {
  int column = ComparisonModel::FixedCount;
  while (column < model.columnCount() && model.measureOf(column) != u"nll") ++column;
  return cell(model, row, column);
}

}  // namespace

class TestComparison : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void seedsOfOneSettingAreOneRow() {
    ComparisonModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    addRun(model, 1, 1, "a", [](int s) { return 0.30 + 0.1 * s; });
    addRun(model, 2, 2, "a", [](int s) { return 0.34 + 0.1 * s; });
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(cell(model, 1, ComparisonModel::Seeds), QString("2"));
    // mean of .30 and .34; sd .04 / sqrt(2) = .0283, standard error .02
    QCOMPARE(nllOf(model, 0), QString::fromUtf8("0.320 ± 0.028"));
    model.setSpread(ComparisonModel::Spread::standard_error);
    QCOMPARE(nllOf(model, 0), QString::fromUtf8("0.320 ± 0.020"));
    addRun(model, 3, 2, "a", [](int) { return 0.30; });  // the same seed again
    QCOMPARE(cell(model, 0, ComparisonModel::Seeds), QString("2"));
    QCOMPARE(nllOf(model, 0), QString::fromUtf8("0.3 ± 0"));
    addRun(model, 4, 1, "b", [](int) { return 0.5; });
    QCOMPARE(model.rowCount(), 8);
    QCOMPARE(cell(model, 4, 0), QString::fromUtf8("#2 toy-foong · 20,000"));
  }

  /// On common seeds: 1 and 2 of both, though one has a third.
  void differencesArePaired() {
    ComparisonModel model;
    addRun(model, 1, 1, "a", [](int s) { return s == 3 ? 0.20 : 0.30; });
    addRun(model, 2, 2, "a", [](int s) { return s == 3 ? 0.36 : 0.50; });
    model.setBaseline(0);
    // differences -.10 and -.14: mean -.12, standard error .02
    QCOMPARE(nllOf(model, 3), QString::fromUtf8("-0.120 ± 0.020"));
    QVERIFY(
        model.index(3, ComparisonModel::FixedCount + 1).data(Qt::FontRole).value<QFont>().bold());
    QVERIFY(
        !model.index(1, ComparisonModel::FixedCount + 1).data(Qt::FontRole).value<QFont>().bold());
    QVERIFY(model.index(3, ComparisonModel::FixedCount + 1)
                .data(Qt::ToolTipRole)
                .toString()
                .contains("2 common"));
    QCOMPARE(nllOf(model, 0), QString::fromUtf8("0.40 ± 0.14"));  // the baseline itself
    addRun(model, 3, 7, "b", [](int) { return 0.1; });
    QCOMPARE(nllOf(model, 4), QString::fromUtf8("–"));  // no common seed
    model.removeRun(0);
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.baseline(), -1);
    QCOMPARE(nllOf(model, 0), QString("0.1"));
  }

  void copiesSayTheSame() {
    ComparisonModel model;
    addRun(model, 1, 1, "a", [](int s) { return 0.30 + 0.1 * s; });
    addRun(model, 2, 2, "a", [](int s) { return 0.34 + 0.1 * s; });
    QVERIFY(model.csv().contains("\n1,\"toy-foong · 20,000\",sghmc,2,nll,0.32,"));
    QVERIFY(model.markdown().contains(QString::fromUtf8("| SGHMC | 2 | 1.")));
    QVERIFY(model.markdown().contains(QString::fromUtf8("0.320 ± 0.028")));
    const QString latex = model.latex();
    QVERIFY(latex.contains("$0.320 \\pm 0.028$") && latex.contains("\\#1 toy-foong $\\cdot$"));
    QVERIFY(latex.startsWith("\\begin{tabular}{llrrrr}\n\\toprule\n"));
  }

  /// Of the run that goes on the rows stay, whatever is removed.
  void theRunningOneStays() {
    ComparisonModel model;
    addRun(model, 1, 1, "a", [](int) { return 1.0; });
    addRun(model, 2, 1, "b", [](int) { return 2.0; });
    model.clear();
    QCOMPARE(model.rowCount(), 4);
    model.removeRun(0);
    QCOMPARE(model.rowCount(), 4);
    MetricsUpdated late = sample::metrics(0, 2);
    late.metrics = {{"nll", 3.0}, {"accuracy", 0.9}};
    model.consume(late);
    QCOMPARE(nllOf(model, 0), QString("3"));
    model.consume(sample::metrics(0, 1));  // of an earlier run
    QCOMPARE(nllOf(model, 0), QString("3"));
  }
};

QTEST_MAIN(TestComparison)
#include "tst_comparison.moc"
