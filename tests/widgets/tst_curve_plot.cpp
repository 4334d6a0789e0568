// SPDX-License-Identifier: GPL-3.0-or-later
// The picture of measures against cost: seeds of one preset together, what is drawn, what is said.
#include <QComboBox>

#include "tests/widgets/plot_fixture.h"
#include "widgets/plots/curve_plot.h"

using namespace ergo;
using namespace ergo::fixture;

namespace {

/// A run of `seed` whose nll is `offset` above that of the sample.
void addRun(Plot& plot, std::uint64_t seed, double offset, std::int64_t run,
            const std::string& resolved = R"({"curve_points": 5})") {
  RunStarted start = sample::started(run);
  start.seed = seed;
  start.resolved_preset = resolved;
  plot.consume(start);
  for (int s = 0; s < 4; ++s) plot.consume(sample::curve(s, offset, run));
}

std::unique_ptr<CurvePlot> empty() {
  auto plot = std::make_unique<CurvePlot>();
  plot->resize(900, 560);
  plot->applyTheme(Theme::light());
  plot->show();
  return plot;
}

QCPGraph* lineOf(const CurvePlot& plot, const QString& label) {
  for (int i = 0; i < canvas(plot)->graphCount(); ++i)
    if (canvas(plot)->graph(i)->name() == label) return canvas(plot)->graph(i);
  return nullptr;
}

}  // namespace

class TestCurvePlot : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void seedsShareABand() {
    auto plot = empty();
    addRun(*plot, 1, -0.1, 1);
    addRun(*plot, 2, 0.3, 2);
    plot->refresh();
    const QString label = QString::fromStdString(sample::started().samplers[0].label);
    QCPGraph* line = lineOf(*plot, label);
    QVERIFY(line);
    QCOMPARE(line->dataCount(), 5);
    // 2 / sqrt(10000) + (-0.1 + 0.3) / 2, and a standard deviation of 0.4 / sqrt(2).
    QVERIFY(near(line->data()->findBegin(10000, false)->value, 0.12, 1e-12));
    double low = 0, high = 0;
    for (int i = 0; i < canvas(*plot)->graphCount(); ++i) {
      QCPGraph* upper = canvas(*plot)->graph(i);
      if (!upper->channelFillGraph()) continue;
      high = upper->data()->findBegin(10000, false)->value;
      low = upper->channelFillGraph()->data()->findBegin(10000, false)->value;
      break;  // the first sampler's
    }
    QVERIFY(near(high, 0.12 + 0.4 / std::sqrt(2.0), 1e-12));
    QVERIFY(near(low, 0.12 - 0.4 / std::sqrt(2.0), 1e-12));
    QCOMPARE(plot->csv().count('\n'), 1 + 2 * 4 * 5 * 3);
  }

  /// The same seed again replaces its curve; other settings begin anew.
  void onlyEqualSettingsJoin() {
    auto plot = empty();
    addRun(*plot, 1, 0.0, 1);
    addRun(*plot, 1, 1.0, 2);
    plot->refresh();
    const QString label = QString::fromStdString(sample::started().samplers[0].label);
    QVERIFY(near(lineOf(*plot, label)->data()->findBegin(10000, false)->value, 1.02, 1e-12));
    addRun(*plot, 2, 5.0, 3, R"({"curve_points": 6})");
    plot->refresh();
    QVERIFY(near(lineOf(*plot, label)->data()->findBegin(10000, false)->value, 5.02, 1e-12));
    QVERIFY(!plot->csv().contains("sghmc,1,"));
  }

  /// Runs of other budgets stay as marks at their own ends; another problem takes them away.
  void otherBudgetsStayAsMarks() {
    const auto preset = [](int budget, int problem) {
      return QString(
                 R"({"curve_points": 5, "gradient_evaluations": %1, "samplers": [%1], "x": %2})")
          .arg(budget)
          .arg(problem)
          .toStdString();
    };
    auto plot = empty();
    addRun(*plot, 1, 1.0, 1, preset(10000, 1));
    addRun(*plot, 2, 2.0, 2, preset(10000, 1));
    addRun(*plot, 1, 0.0, 3, preset(20000, 1));
    plot->setMeasure("nll");
    plot->refresh();
    QCPGraph* marks = lineOf(*plot, "planned for that budget");
    QVERIFY(marks);
    QCOMPARE(marks->dataCount(), 1);
    // The fourth sampler's: 2 / sqrt(10000) - 0.3 + (1 + 2) / 2.
    QVERIFY(near(marks->data()->at(0)->value, 1.22, 1e-12));
    QCOMPARE(marks->data()->at(0)->key, 10000.0);
    // The lines end below 0.02; marks of a smaller budget do not flatten them.
    QVERIFY(canvas(*plot)->axisRects().first()->axis(QCPAxis::atLeft)->range().upper < 1.2);
    QVERIFY(plot->csv().contains("sghmc,2,10000,10000,"));
    QVERIFY(plot->clone()->csv() == plot->csv());
    addRun(*plot, 1, 0.0, 4, preset(10000, 1));  // the marks are now of 20,000
    plot->refresh();
    QVERIFY(plot->csv().contains("sghmc,1,20000,") && !plot->csv().contains("sghmc,2,10000,"));
    addRun(*plot, 1, 0.0, 5, preset(20000, 2));
    plot->refresh();
    QVERIFY(!lineOf(*plot, "planned for that budget"));
  }

  void choosesMeasureAndCost() {
    auto plot = empty();
    addRun(*plot, 1, 0.0, 1);
    plot->refresh();
    auto* measure = plot->findChild<QComboBox*>("curveMeasure");
    auto* cost = plot->findChild<QComboBox*>("curveCost");
    QVERIFY(measure->isVisible());
    QCOMPARE(measure->count(), 3);  // automatic; the distance to a reference has no value
    QCOMPARE(canvas(*plot)->axisRectCount(), 4);
    measure->setCurrentIndex(measure->findData("rmse"));
    Q_EMIT measure->activated(measure->currentIndex());
    cost->setCurrentIndex(1);
    Q_EMIT cost->activated(1);
    QCOMPARE(canvas(*plot)->axisRectCount(), 1);
    QCPAxisRect* rect = canvas(*plot)->axisRects().first();
    QCOMPARE(rect->axis(QCPAxis::atBottom)->label(), QString("CPU seconds"));
    QCOMPARE(rect->axis(QCPAxis::atLeft)->label(), QString("RMSE (units of y)"));
    const QString label = QString::fromStdString(sample::started().samplers[1].label);
    QCPGraph* line = lineOf(*plot, label);
    QVERIFY(near(line->data()->at(4)->key, 2.0, 1e-12));
    QVERIFY(near(line->data()->at(4)->value, 0.03, 1e-12));
    QVERIFY(plot->clone()->csv() == plot->csv());
  }

  void smallPicturesHaveOnePanel() {
    auto plot = empty();
    addRun(*plot, 1, 0.0, 1);
    plot->refresh();
    QCOMPARE(canvas(*plot)->axisRectCount(), 4);
    plot->resize(300, 200);
    QCOMPARE(canvas(*plot)->axisRectCount(), 1);
    plot->resize(900, 560);
    QCOMPARE(canvas(*plot)->axisRectCount(), 4);
    plot->resize(300, 200);
    auto paper = plot->clone();
    paper->resize(1000, 300);
    paper->applyTheme(Theme::paper());
    paper->show();
    paper->refresh();
    QCOMPARE(paper->panels().front()->axisRectCount(), 4);
  }

  /// One run that ends far above the others, and a first look that is far above that.
  void rangeShowsTheEnds() {
    auto plot = empty();
    addRun(*plot, 1, 0.0, 1);
    CurveUpdated high = sample::curve(0, 0.0, 1);
    high.points.front().metrics["nll"] = 1e6;
    high.points.back().metrics["nll"] = 1.0;
    plot->consume(high);
    plot->setMeasure("nll");
    const QCPRange range = canvas(*plot)->axisRects().first()->axis(QCPAxis::atLeft)->range();
    QVERIFY(range.lower < -0.27 && range.upper > 1.0 && range.upper < 4.0);
  }

  void saysWhyItIsEmpty() {
    auto plot = empty();
    const auto text = [&] {
      plot->refresh();
      QString all;
      for (int i = 0; i < canvas(*plot)->plotLayout()->elementCount(); ++i)
        if (auto* element =
                qobject_cast<QCPTextElement*>(canvas(*plot)->plotLayout()->elementAt(i)))
          all += element->text();
      return all;
    };
    QVERIFY(text().contains("Start a run"));
    RunStarted start = sample::started(1);
    start.resolved_preset = R"({"curve_points": 0})";
    plot->consume(start);
    QVERIFY(text().contains("curve points"));
    start.run = 2;
    start.resolved_preset = R"({"curve_points": 20})";
    plot->consume(start);
    QVERIFY(text().contains("first draws"));
  }
};

QTEST_MAIN(TestCurvePlot)
#include "tst_curve_plot.moc"
