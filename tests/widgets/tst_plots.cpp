// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAction>
#include <QMessageBox>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "tests/widgets/plot_fixture.h"
#include "widgets/plots/plot_tools.h"
#include "widgets/plots/pyramid_series.h"
#include "widgets/plots/trace_plot.h"

using namespace ergo;
using namespace ergo::fixture;

class TestPlots : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void themeContrast_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
  }

  void themeContrast() {
    QFETCH(bool, dark);
    const Theme theme = dark ? Theme::night() : Theme::light();
    QSet<QRgb> seen;
    std::vector<const char*> named(std::begin(sampler_ids), std::end(sampler_ids));
    named.insert(named.end(), {"sgld", "psgld", "sgnht"});
    for (const char* id : named) {
      const QColor color = theme.sampler(QLatin1String(id));
      QVERIFY2(contrastRatio(color, theme.background) >= 3.0, id);
      QVERIFY2(!seen.contains(color.rgb()), id);
      seen.insert(color.rgb());
    }
    for (const char* id : {"my own", "x", ""}) {
      const QColor color = theme.sampler(QLatin1String(id));
      QVERIFY2(contrastRatio(color, theme.background) >= 3.0, id);
      QVERIFY2(!seen.contains(color.rgb()), id);
      QCOMPARE(color, theme.sampler(QLatin1String(id)));
    }
    QVERIFY(contrastRatio(theme.text, theme.background) >= 4.5);
    QVERIFY(contrastRatio(theme.muted, theme.background) >= 4.5);
    QVERIFY(contrastRatio(theme.axis, theme.background) >= 3.0);
    QVERIFY(contrastRatio(theme.alert, theme.background) >= 3.0);
    const QPalette palette = applicationPalette(theme);
    QVERIFY(contrastRatio(palette.color(QPalette::WindowText), palette.color(QPalette::Window)) >=
            4.5);
    QVERIFY(contrastRatio(palette.color(QPalette::HighlightedText),
                          palette.color(QPalette::Highlight)) >= 4.5);
  }

  void contrastOfKnownPairs() {
    QVERIFY(near(contrastRatio(Qt::black, Qt::white), 21.0, 1e-9));
    QVERIFY(near(contrastRatio(Qt::white, Qt::white), 1.0, 1e-9));
    QVERIFY(near(contrastRatio(QColor("#777777"), Qt::white), 4.478, 0.001));
  }

  void rangesIgnoreNonFinite() {
    FiniteRange range;
    QVERIFY(range.isEmpty());
    QCOMPARE(range.padded(0.1), QCPRange(0, 1));
    range.add({2.0, qQNaN(), qInf(), -qInf(), 4.0});
    QVERIFY(near(range.low(), 2, 0) && near(range.high(), 4, 0));
    QVERIFY(near(range.padded(0.5).lower, 1, 1e-12) && near(range.padded(0.5).upper, 5, 1e-12));
    FiniteRange point;
    point.add(3.0);
    QVERIFY(point.padded(0.1).size() > 0);
    const FiniteRange middle = quantileRange({1e9, 1, 2, 3, qQNaN(), 4, 5, -1e9}, 0.2, 0.8);
    QVERIFY(middle.low() >= 1 && middle.high() <= 5);
  }

  void pyramidKeepsExtremesInBoundedMemory() {
    PyramidSeries series(8192);
    for (int i = 0; i < 1000000; ++i) {
      const double y = i == 123457 ? 50.0 : i == 777777 ? -50.0 : std::sin(i * 0.01);
      series.append(i, y, i >= 500000);
    }
    series.append(1000000, qQNaN(), true);
    QVERIFY(series.points().size() <= 8192);
    QCOMPARE(series.points().samples(), std::size_t{1000000});
    QCOMPARE(series.points().non_finite(), std::size_t{1});
    const auto points = series.overview(100);
    QVERIFY(points.size() <= 402);
    bool high = false, low = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (i > 0) QVERIFY(points[i].x > points[i - 1].x);
      high |= points[i].x == 123457 && points[i].y == 50.0 && !points[i].solid;
      low |= points[i].x == 777777 && points[i].y == -50.0 && points[i].solid;
    }
    QVERIFY(high && low);
  }

  // Against a plain scan: every pixel column of every zoom has its first, lowest, highest and last.
  void pyramidColumnsEqualAPlainScan() {
    std::mt19937 engine(9);
    PyramidSeries series(1 << 17);
    std::vector<PyramidSeries::Point> all;
    double x = 0, y = 0;
    for (int i = 0; i < 100003; ++i) {
      x += engine() % 4;               // some share one x,
      if (i % 20000 == 7) x += 30000;  // and some are far apart
      y = 0.9 * y + engine() / 4294967296.0;
      all.push_back({x, y, true});
      series.append(x, y, true);
    }
    const std::vector<std::tuple<double, double, int>> views{
        {0.0, x, 300}, {-50.0, x + 50, 333},  {1000.5, 90000.25, 97},
        {7, 3000, 10}, {5000.0, 5100.0, 500}, {x, x + 10, 5}};
    for (const auto& [from, to, columns] : views) {
      std::map<int, std::vector<double>> expected, drawn;
      const auto columnOf = [&, from = from, to = to, columns = columns](double at) {
        int c = 0;
        while (c + 1 < columns && at >= from + (to - from) * (static_cast<double>(c + 1) / columns))
          ++c;
        return c;
      };
      std::size_t inside = 0;
      for (const auto& p : all) {
        if (p.x < from || p.x > to) continue;
        expected[columnOf(p.x)].push_back(p.y);
        ++inside;
      }
      const auto list = series.columns(from, to, columns);
      QVERIFY(list.size() <= 4 * static_cast<std::size_t>(columns) + 2);
      for (const auto& p : list)
        if (p.x >= from && p.x <= to) drawn[columnOf(p.x)].push_back(p.y);
      QCOMPARE(drawn.size(), expected.size());
      if (inside <= 4 * static_cast<std::size_t>(columns)) QVERIFY(drawn == expected);
      for (const auto& [column, values] : expected) {
        const auto& shown = drawn.at(column);
        QCOMPARE(shown.front(), values.front());
        QCOMPARE(shown.back(), values.back());
        QCOMPARE(*std::min_element(shown.begin(), shown.end()),
                 *std::min_element(values.begin(), values.end()));
        QCOMPARE(*std::max_element(shown.begin(), shown.end()),
                 *std::max_element(values.begin(), values.end()));
      }
    }
  }

  void traceChainsShareTheBudgetAndMergeInTurn() {
    std::set<std::size_t> capacities;
    std::size_t sum = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      const std::size_t capacity = TracePlot::capacityOf(i, 16);
      QVERIFY(capacity >= TracePlot::pointBudget / 16 / 8 * 7);
      capacities.insert(capacity);
      sum += capacity;
    }
    QCOMPARE(capacities.size(), std::size_t{16});
    QVERIFY(sum <= TracePlot::pointBudget);
    QCOMPARE(TracePlot::capacityOf(0, 1), TracePlot::pointBudget);
  }

  void traceFollowsNewPoints() {
    auto plot = sample::make("trace");
    plot->resize(720, 440);
    plot->show();
    plot->consume(sample::started());
    plot->consume(sample::trace(0, 0, 1000));
    plot->refresh();
    QCPAxis* x = plot->panels().front()->axisRects().first()->axis(QCPAxis::atBottom);
    const double before = x->range().upper;
    plot->consume(sample::trace(0, 0, 5000, 1000));
    plot->refresh();
    QVERIFY2(x->range().upper > 2 * before, qPrintable(QString::number(x->range().upper)));
  }

  // Zooming in shows single transitions, without new data and without a frame of the clock.
  void traceZoomShowsEveryTransition() {
    auto plot = sample::make("trace");
    plot->resize(720, 440);
    plot->show();
    plot->consume(sample::started());
    plot->consume(sample::trace(0, 0, 200000));
    plot->refresh();
    const auto pointsDrawn = [&plot] {
      int count = 0;
      for (QCPGraph* graph : plot->panels().front()->axisRects().first()->graphs())
        count = std::max(count, graph->dataCount());
      return count;
    };
    QVERIFY(pointsDrawn() < 4 * 720);
    QCPAxis* x = plot->panels().front()->axisRects().first()->axis(QCPAxis::atBottom);
    x->setRange(400000, 400400);
    plot->panels().front()->replot();
    QVERIFY2(near(pointsDrawn(), 102, 2), qPrintable(QString::number(pointsDrawn())));
    QVERIFY(plot->csv().count('\n') < 4100);
  }

  void everyPlotShowsItsColors_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<bool>("dark");
    for (const PlotEntry& entry : plotEntries()) {
      for (const bool dark : {false, true}) {
        QTest::addRow("%s %s", entry.id, dark ? "dark" : "light")
            << QString::fromLatin1(entry.id) << dark;
      }
    }
  }

  // One pixel of a curve must have exactly the colour of its sampler, background that of the theme.
  void everyPlotShowsItsColors() {
    QFETCH(QString, id);
    QFETCH(bool, dark);
    const Theme theme = dark ? Theme::night() : Theme::light();
    auto plot = shown(id.toLatin1().constData(), theme);
    plot->consume(RunFinished{1, "completed", "", {}});
    plot->refresh();
    const QSet<QRgb> colors = colorsOf(plot->grab().toImage());
    QVERIFY(colors.size() > 20);
    QVERIFY(colors.contains(theme.background.rgb()));
    QVERIFY(colors.contains(theme.axis.rgb()));
    QVERIFY(colors.contains(theme.sampler("l2e").rgb()));
    if (id != "meta") QVERIFY(colors.contains(theme.sampler("deep_ensemble").rgb()));
    QCOMPARE(plot->objectName(), id);
    QVERIFY(!plot->accessibleName().isEmpty());
    QVERIFY(plot->accessibleDescription().size() > 20);
  }

  /// Two samplers on one line: the learned one, though first, is the one that is seen.
  void learnedSamplerLiesOnTop() {
    const auto pixels = [](bool learned) {
      RunStarted start = sample::started();
      start.samplers = {{"l2e", "L2E", 1, 10, learned}, {"sghmc", "SGHMC", 1, 10}};
      TracePlot plot;
      plot.resize(500, 300);
      plot.show();
      plot.consume(start);
      TraceAdded trace;
      trace.run = start.run;
      for (int i = 0; i < 100; ++i) {
        trace.step.push_back(i);
        trace.evaluation.push_back(i);
        trace.potential.push_back(50.0 - 0.4 * i);
        trace.collecting.push_back(true);
      }
      for (trace.sampler = 0; trace.sampler < 2; ++trace.sampler) plot.consume(trace);
      plot.refresh();
      const QImage image = plot.grab().toImage();
      const QRgb color = Theme::light().sampler("l2e").rgb();
      int count = 0;
      for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) count += image.pixel(x, y) == color;
      return count;
    };
    QVERIFY2(pixels(true) > pixels(false) + 100,
             qPrintable(QStringLiteral("%1 %2").arg(pixels(true)).arg(pixels(false))));
  }

  void themeSwitchLeavesNoOldColors_data() {
    QTest::addColumn<QString>("id");
    for (const PlotEntry& entry : plotEntries()) QTest::addRow("%s", entry.id) << QString(entry.id);
  }

  void themeSwitchLeavesNoOldColors() {
    QFETCH(QString, id);
    auto plot = shown(id.toLatin1().constData(), Theme::light());
    plot->applyTheme(Theme::night());
    const QImage switched = plot->grab().toImage();
    const QSet<QRgb> colors = colorsOf(switched);
    const Theme old = Theme::light();
    for (const char* sampler : sampler_ids) {
      const QRgb color = old.sampler(QLatin1String(sampler)).rgb();
      QVERIFY2(!colors.contains(color), sampler);
    }
    QVERIFY(!colors.contains(old.background.rgb()));
    QVERIFY(!colors.contains(qRgb(0, 0, 0)));
    QCOMPARE(switched, shown(id.toLatin1().constData(), Theme::night())->grab().toImage());
  }

  void predictiveSharesItsRanges() {
    auto plot = shown("predictive");
    const QList<QCPAxisRect*> rects = canvas(*plot)->axisRects();
    QCOMPARE(rects.size(), 4);
    for (QCPAxisRect* rect : rects) {
      const QCPRange x = rect->axis(QCPAxis::atBottom)->range();
      QVERIFY(near(x.lower, -3, 1e-9) && near(x.upper, 3, 1e-9));
      QCOMPARE(rect->axis(QCPAxis::atLeft)->range(), rects[0]->axis(QCPAxis::atLeft)->range());
      QVERIFY(std::abs(rect->width() - rects[0]->width()) <= 2);
      QVERIFY(std::abs(rect->height() - rects[0]->height()) <= 2);
    }
    std::size_t bands = 0, points = 0;
    for (QCPGraph* graph : rects[0]->graphs()) {
      bands += graph->channelFillGraph() && graph->dataCount() == 200;
      points += graph->dataCount() == 60;
    }
    QCOMPARE(bands, std::size_t{2});
    QCOMPARE(points, std::size_t{1});
    QVERIFY(plot->csv().startsWith("sampler,draws,x,mean,"));
    QCOMPARE(plot->csv().count('\n'), 1 + 4 * 200 + 60);  // and the training data
  }

  void predictiveSurvivesRunawayBands() {
    auto plot = shown("predictive");
    PredictiveUpdated wild = sample::predictive(0);
    wild.band.q95[3] = 1e12;
    wild.band.q95[4] = qInf();
    wild.band.mean[5] = qQNaN();
    plot->consume(wild);
    plot->refresh();
    const QCPRange y = canvas(*plot)->axisRects().first()->axis(QCPAxis::atLeft)->range();
    QVERIFY(std::isfinite(y.size()) && y.size() < 20);
    QVERIFY(!plot->csv().contains("inf") && !plot->csv().contains("nan"));
  }

  /// A grid that misses the data must not hide them.
  void predictiveShowsEveryTrainingPoint() {
    auto plot = shown("predictive");
    RunStarted start = sample::started(2);
    start.curve.train_x = {19.5, 23.0};
    start.curve.train_y = {-40.0, 75.0};
    plot->consume(start);
    for (int s = 0; s < 4; ++s) plot->consume(sample::predictive(s, 2));
    plot->refresh();
    QCPAxisRect* rect = canvas(*plot)->axisRects().first();
    const QCPRange x = rect->axis(QCPAxis::atBottom)->range();
    const QCPRange y = rect->axis(QCPAxis::atLeft)->range();
    for (const double at : start.curve.train_x) QVERIFY(at > x.lower && at < x.upper);
    for (const double at : start.curve.train_y) QVERIFY(at > y.lower && at < y.upper);
    QVERIFY(x.contains(start.curve.grid_x.front()));
  }

  void predictiveSaysWhyItIsEmpty() {
    auto plot = shown("predictive");
    plot->consume(sample::started(5, "classification"));
    plot->refresh();
    QVERIFY(canvas(*plot)->axisRects().isEmpty());
    QVERIFY(plot->accessibleDescription().startsWith("No 1-D input"));
    QVERIFY(colorsOf(plot->grab().toImage()).size() > 5);
  }

  void traceRangeSkipsTheTransient() {
    auto plot = shown("trace");
    QCPAxisRect* rect = canvas(*plot)->axisRects().first();
    const QCPRange y = rect->axis(QCPAxis::atLeft)->range(),
                   x = rect->axis(QCPAxis::atBottom)->range();
    QVERIFY2(y.upper < 300 && y.lower > 50, qPrintable(QString::number(y.upper)));
    QVERIFY(near(x.lower, 0, 0) && near(x.upper, 4.0 * 2499, 1e-9));
  }

  void traceMarksDivergence() {
    auto plot = shown("trace");
    const QImage before = plot->grab().toImage();
    plot->consume(ChainDiverged{1, 2, 1, 1500, "non-finite potential"});
    plot->refresh();
    QVERIFY(!colorsOf(before).contains(Theme::light().alert.rgb()));
    QVERIFY(colorsOf(plot->grab().toImage()).contains(Theme::light().alert.rgb()));
    QVERIFY(plot->accessibleDescription().contains("chain 2 diverged at step 1500"));
  }

  /// Also where potentials are negative: the axis is that of the distance to the lowest.
  void traceLogarithmIsOfTheDistanceToTheLowest() {
    auto plot = shown("trace");
    auto* trace = static_cast<TracePlot*>(plot.get());
    trace->setLogarithmic(true);
    const auto axis = [&] { return canvas(*plot)->axisRects().first()->axis(QCPAxis::atLeft); };
    TraceAdded negative = sample::trace(0, 0, 2, 2500);
    negative.potential = {-5, 45};
    plot->consume(negative);
    plot->refresh();
    QCOMPARE(axis()->scaleType(), QCPAxis::stLogarithmic);
    QVERIFY(axis()->label().startsWith("U − lowest U"));
    QVERIFY(axis()->range().lower > 0 && axis()->range().upper > 100);
    bool placed = false;  // 45 lies 50 above the lowest
    for (int i = 0; i < canvas(*plot)->plottableCount(); ++i)
      if (auto* line = qobject_cast<QCPGraph*>(canvas(*plot)->plottable(i)))
        for (const QCPGraphData& point : *line->data()) placed = placed || point.value == 50;
    QVERIFY(placed);
    QVERIFY(plot->csv().contains(",-5,"));  // files keep U itself
  }

  /// Beside the values of the axes stand those of every sampler there.
  void cursorReadsEverySampler() {
    auto trace = shown("trace");
    QCPAxisRect* rect = canvas(*trace)->axisRects().first();
    const QString text = trace->readout(rect, 4.0 * 1000 + 1, 130);  // between two transitions
    for (int s = 0; s < 4; ++s) {
      double low = qInf(), high = -qInf();
      for (int chain = 0; chain < 2; ++chain) {
        const double u = sample::trace(s, chain).potential[1000];
        low = std::min(low, u);
        high = std::max(high, u);
      }
      const QString line = QString("%1: %2 … %3")
                               .arg(QString::fromStdString(sample::started().samplers[s].label),
                                    QString::number(low, 'g', 4), QString::number(high, 'g', 4));
      QVERIFY2(text.contains(line), qPrintable(text + " lacks " + line));
    }
    auto predictive = shown("predictive");
    rect = canvas(*predictive)->axisRects().first();
    const Band band = sample::predictive(3).band;
    const QString there = predictive->readout(rect, sample::gridX()[50] + 1e-3, 0);
    const QString line =
        QString("L2E: %1 [%2, %3]")
            .arg(QString::number(band.mean[50], 'g', 4), QString::number(band.q05[50], 'g', 4),
                 QString::number(band.q95[50], 'g', 4));
    QVERIFY2(there.contains(line), qPrintable(there + " lacks " + line));
  }

  /// Draws are counted: no tick at 1.5, at any size and zoom.
  void diversityTicksAreWhole() {
    auto plot = shown("diversity");
    QCPAxis* x = canvas(*plot)->axisRects().first()->axis(QCPAxis::atBottom);
    for (const double width : {40.0, 7.0, 2.5, 1.1}) {
      x->setRange(1.5, 1.5 + width);
      canvas(*plot)->replot();
      QVERIFY(!x->tickVector().isEmpty());
      for (const double tick : x->tickVector()) QCOMPARE(tick, std::round(tick));
    }
  }

  void everyPlotExplainsItself_data() {
    QTest::addColumn<QString>("id");
    for (const PlotEntry& entry : plotEntries()) QTest::addRow("%s", entry.id) << QString(entry.id);
  }
  void everyPlotExplainsItself() {
    QFETCH(QString, id);
    auto plot = shown(id.toLatin1().constData());
    plot->findChild<QAction*>("explain")->trigger();
    auto* box = plot->findChild<QMessageBox*>("explanation");
    QVERIFY(box && box->isVisible());
    const QStringList parts = box->text().split("\n\n");
    QCOMPARE(parts.size(), 2);  // what one sees, and the formula
    QVERIFY(parts[0].count(". ") + parts[0].endsWith('.') >= 2);
    QVERIFY(parts[1].size() > 20);
  }

  void trajectoryHasEqualScalesAndVariance() {
    auto plot = shown("trajectory");
    QCPAxisRect* rect = canvas(*plot)->axisRects().first();
    QCPAxis *x = rect->axis(QCPAxis::atBottom), *y = rect->axis(QCPAxis::atLeft);
    QCOMPARE(x->label(), QString("PC 1 (43.1 %)"));
    QCOMPARE(y->label(), QString("PC 2 (18.7 %)"));
    const double ratio = (x->range().size() / rect->width()) / (y->range().size() / rect->height());
    QVERIFY2(near(ratio, 1, 0.02), qPrintable(QString::number(ratio)));
    QVERIFY(plot->readout(rect, 0, 0).contains("off the plane"));
    int curves = 0;
    for (QCPAbstractPlottable* item : rect->plottables()) {
      curves +=
          qobject_cast<QCPCurve*>(item) && qobject_cast<QCPCurve*>(item)->data()->size() == 400;
    }
    QCOMPARE(curves, 8);
  }

  void diversityHasOneScale() {
    auto plot = shown("diversity");
    const QList<QCPAxisRect*> rects = canvas(*plot)->axisRects();
    QCOMPARE(rects.size(), 4);
    QCPColorMap* first = nullptr;
    for (QCPAxisRect* rect : rects) {
      QVERIFY2(std::abs(rect->width() - rect->height()) <= 3,
               qPrintable(QString("%1 x %2").arg(rect->width()).arg(rect->height())));
      auto* map = qobject_cast<QCPColorMap*>(rect->plottables().value(0));
      QVERIFY(map);
      QCOMPARE(map->data()->keySize(), 40);
      QVERIFY(near(map->data()->cell(7, 7), 0, 0));
      if (!first) first = map;
      QCOMPARE(map->dataRange(), first->dataRange());
    }
    const DiversityUpdated source = sample::diversity(0);
    QVERIFY(near(first->data()->cell(3, 20), source.pairwise_kld[20 * 40 + 3], 0));  // column, row
    QVERIFY(plot->readout(rects[0], 4, 21).startsWith(QString::fromUtf8("KL(21 ‖ 4) =")));
  }

  void diversityNeedsAWholeMatrix() {
    auto plot = shown("diversity");
    const QString before = plot->csv();
    DiversityUpdated broken = sample::diversity(1);
    broken.pairwise_kld.pop_back();
    plot->consume(broken);
    QCOMPARE(plot->csv(), before);
  }

  void reliabilityNamesItsAxes() {
    auto plot = shown("reliability");
    QCPAxisRect* rect = canvas(*plot)->axisRects().first();
    QCOMPARE(rect->axis(QCPAxis::atLeft)->label(), QString("empirical coverage"));
    QVERIFY(rect->axis(QCPAxis::atLeft)->range().contains(0) &&
            rect->axis(QCPAxis::atLeft)->range().contains(1));
    plot->consume(sample::started(9, "classification"));
    plot->refresh();
    rect = canvas(*plot)->axisRects().first();
    QCOMPARE(rect->axis(QCPAxis::atBottom)->label(), QString("confidence"));
  }

  /// 400 points: chance alone moves a coverage of one half by 1.96 * 0.025.
  void reliabilityShowsWhatChanceDoes() {
    auto plot = shown("reliability");
    double low = 0, high = 0;
    for (int i = 0; i < canvas(*plot)->graphCount(); ++i) {
      QCPGraph* upper = canvas(*plot)->graph(i);
      if (!upper->channelFillGraph() || upper->dataCount() == 0) continue;
      high = upper->data()->findBegin(0.5, false)->value;
      low = upper->channelFillGraph()->data()->findBegin(0.5, false)->value;
    }
    QVERIFY2(near(low, 0.451, 1e-3) && near(high, 0.549, 1e-3),
             qPrintable(QString("%1 %2").arg(low).arg(high)));
    QCPAxisRect* rect = canvas(*plot)->axisRects().first();
    QVERIFY(plot->readout(rect, 0.501, 0.4)
                .contains(
                    QString("SGHMC: %1 at 0.5").arg(QString::number(std::pow(0.5, 1.5), 'g', 4))));
  }

  /// A bin of 40 points, 30 of them right: Wilson's interval is 0.598 to 0.858.
  void reliabilityBinsHaveIntervals() {
    auto plot = shown("reliability");
    plot->consume(sample::started(5, "classification"));
    plot->consume(ReliabilityUpdated{5, 0, 40, {0.5, 0.8}, {0.4, 0.75}, {0.9, 0.1}, 400});
    plot->refresh();
    const QCPErrorBars* bars = nullptr;
    for (int i = 0; i < canvas(*plot)->plottableCount() && !bars; ++i)
      bars = qobject_cast<QCPErrorBars*>(canvas(*plot)->plottable(i));
    QVERIFY(bars);
    QCOMPARE(bars->data()->size(), 2);
    const QCPErrorBarsData bin = bars->data()->at(1);
    QVERIFY2(near(0.75 - bin.errorMinus, 0.598, 1e-3) && near(0.75 + bin.errorPlus, 0.858, 1e-3),
             qPrintable(QString("%1 %2").arg(bin.errorMinus).arg(bin.errorPlus)));
  }

  void metaNamesItsTraining() {
    auto plot = sample::make("meta");
    plot->consume(sample::started(1));  // of a comparison: not its business
    QVERIFY(plot->record().isEmpty());
    RunStarted start;
    start.run = 2;
    start.preset = "meta-train-regression";
    start.task = "meta-training";
    start.seed = 5;
    plot->consume(start);
    plot->resize(500, 300);
    plot->show();
    QVERIFY(canvas(static_cast<LivePlot&>(*plot))->axisRects().isEmpty());
    for (int i = 0; i < 30; ++i) plot->consume(sample::meta(i));
    plot->refresh();
    QCOMPARE(canvas(static_cast<LivePlot&>(*plot))->axisRects().size(), 1);
    QCOMPARE(plot->record().caption(), QString("meta-train-regression · seed 5"));
  }

  void metaShowsScoresAndBest() {
    auto plot = shown("meta");
    int scores = 0, raw = 0;
    for (QCPGraph* graph : canvas(*plot)->axisRects().first()->graphs()) {
      scores += graph->name() == "validation score" && graph->dataCount() == 17;
      raw += graph->name() == "meta-loss" && graph->dataCount() == 401;
    }
    QCOMPARE(scores, 1);
    QCOMPARE(raw, 1);
    plot->consume(sample::meta(0, 3));
    QCOMPARE(plot->csv().count('\n'), 2);  // another training starts anew
  }

  /// Bars of one standard error; a series of its own where the training has a transfer family.
  void metaShowsErrorsAndTransfer() {
    auto plot = shown("meta");
    const auto bars = [&plot] {
      QStringList list;
      for (int i = 0; i < canvas(*plot)->plottableCount(); ++i) {
        const auto* errors = qobject_cast<QCPErrorBars*>(canvas(*plot)->plottable(i));
        if (!errors) continue;
        const QCPErrorBarsData first = errors->data()->first();
        list += QString("%1: %2, %3")
                    .arg(errors->dataPlottable()->name())
                    .arg(first.errorPlus)
                    .arg(errors->data()->size());
      }
      return list.join("; ");
    };
    QCOMPARE(bars(), QString("validation score: 0.02, 17"));
    MetaIteration event = sample::meta(425);
    event.transfer = 0.41;
    event.transfer_error = 0.03;
    plot->consume(event);
    plot->refresh();
    QCOMPARE(bars(), QString("validation score: 0.02, 18; transfer score: 0.03, 1"));
    QVERIFY(plot->csv().contains(",0.41,0.03,"));
  }
};

QTEST_MAIN(TestPlots)
#include "tst_plots.moc"
