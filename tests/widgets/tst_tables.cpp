// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QSignalSpy>

#include "tests/widgets/plot_fixture.h"
#include "widgets/tables/metrics_model.h"

using namespace ergo;
using namespace ergo::fixture;

class TestTables : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void tableModelIsConsistent() {
    MetricsModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.consume(sample::started());
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.columnCount(), int(MetricsModel::FixedCount));
    QSignalSpy inserted(&model, &QAbstractItemModel::columnsInserted);
    for (int s = 0; s < 4; ++s) model.consume(sample::metrics(s));
    QCOMPARE(inserted.count(), 5);
    QCOMPARE(model.columnCount(), MetricsModel::FixedCount + 5);
    QCOMPARE(model.metricOf(MetricsModel::FixedCount), QString("nll"));
    model.consume(sample::metrics(0, 99));  // another run
    model.consume(sample::started(2));
    QCOMPARE(model.columnCount(), int(MetricsModel::FixedCount));
  }

  /// Numbers of chains that have no one distribution are marked, and reasons of the run are told.
  void tableRemarksOnConvergence() {
    MetricsModel model;
    model.consume(sample::started());
    MetricsUpdated event = sample::metrics(0);
    event.metrics = {{"nll", 1.0}, {"ess_bulk_median", 240.0}, {"rhat_median", undefined}};
    event.reasons = {{"rhat_median", "it needs two chains"}};
    event.convergence_remark = "not stationary";
    model.consume(event);
    const auto cell = [&](int at) { return model.index(0, MetricsModel::FixedCount + at); };
    QCOMPARE(model.metricOf(MetricsModel::FixedCount + 1), QString("rhat_median"));
    QCOMPARE(cell(0).data().toString(), QString("1"));
    QCOMPARE(cell(1).data(Qt::ToolTipRole).toString(), QString("Undefined: it needs two chains."));
    QCOMPARE(cell(2).data().toString(), QString("240 *"));
    QVERIFY(cell(2).data(Qt::ToolTipRole).toString().contains("* not stationary."));
    QVERIFY(!model.csv().contains('*'));
  }

  void tableMarksBestAndUndefined() {
    MetricsModel model;
    model.consume(sample::started());
    for (int s = 0; s < 4; ++s) model.consume(sample::metrics(s));
    const auto column = [&](const char* name) {
      int at = MetricsModel::FixedCount;
      while (at < model.columnCount() && model.metricOf(at) != QLatin1String(name)) ++at;
      return at;
    };
    const auto bold = [&](int row, const char* name) {
      return model.index(row, column(name)).data(Qt::FontRole).value<QFont>().bold();
    };
    QVERIFY(bold(3, "nll") && !bold(0, "nll"));
    QVERIFY(bold(3, "coverage_90") && !bold(2, "coverage_90"));  // 0.88 is nearest to 0.9
    QVERIFY(!bold(0, "kld"));                                    // no better or worse
    const QModelIndex undefinedCell = model.index(2, column("wasserstein_to_reference"));
    QCOMPARE(undefinedCell.data().toString(), QString::fromUtf8("–"));
    QVERIFY(undefinedCell.data(Qt::ToolTipRole).toString().contains("it needs an HMC reference"));
    const QModelIndex notFinite = model.index(1, column("rmse"));
    QCOMPARE(notFinite.data(Qt::ToolTipRole).toString(),
             QString("Undefined: its computation was not finite."));
    QCOMPARE(model.headerData(column("rmse"), Qt::Horizontal, Qt::DisplayRole).toString(),
             QString("RMSE"));
    QVERIFY(!undefinedCell.data(Qt::UserRole).isValid());
    QCOMPARE(model.index(0, MetricsModel::Sampler).data().toString(), QString("SGHMC"));
    const auto swatch = model.index(3, 0).data(Qt::DecorationRole).value<QPixmap>().toImage();
    QCOMPARE(swatch.pixelColor(5, 5), Theme::light().sampler("l2e"));
    model.consume(ChainDiverged{1, 0, 1, 77, "non-finite potential"});
    QVERIFY(model.index(0, MetricsModel::Status)
                .data(Qt::ToolTipRole)
                .toString()
                .contains("chain 2 diverged at step 77"));
    QVERIFY(
        model.csv().startsWith("sampler,status,chains,draws,gradient_evaluations,cpu_seconds,nll"));
    QVERIFY(model.csv().contains("\nsghmc,done,2,40,10000,1.25,-0.5,0.2,0.7,0.3,0.2\n"));
  }
};

QTEST_MAIN(TestTables)
#include "tst_tables.moc"
