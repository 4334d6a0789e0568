// SPDX-License-Identifier: GPL-3.0-or-later
// The fast line against QCPGraph's own: the same pixels, from at most two strokes a column.
#include <QTest>
#include <limits>
#include <random>

#include "widgets/plots/pixel_line.h"

using namespace ergo;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// A noisy line, `points` in all, some of them missing and some far outside.
QVector<QCPGraphData> noisyLine(int points, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  QVector<QCPGraphData> data;
  for (int i = 0; i < points; ++i) {
    double y = normal(engine);
    if (engine() % 97 == 0) y = missing;
    if (engine() % 89 == 0) y *= 50;
    data.append({100.0 * i / points, y});
  }
  return data;
}

template <class Graph>
QImage drawn(const QVector<QCPGraphData>& data, double width, bool antialiased) {
  QCustomPlot plot;
  plot.setPlottingHints(QCP::phFastPolylines | QCP::phCacheLabels);
  plot.resize(400, 300);
  auto* graph = new Graph(plot.xAxis, plot.yAxis);
  graph->setAdaptiveSampling(false);
  graph->setAntialiased(antialiased);
  graph->setPen(QPen(Qt::darkRed, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  graph->data()->set(data, true);
  plot.xAxis->setRange(0, 100);
  plot.yAxis->setRange(-4, 4);
  plot.replot();
  return plot.grab().toImage();
}

}  // namespace

class TestPixelLine : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void samePixelsAsTheLibrary_data() {
    QTest::addColumn<int>("points");
    QTest::addColumn<double>("width");
    QTest::addColumn<bool>("antialiased");
    QTest::newRow("sparse") << 60 << 1.0 << false;
    QTest::newRow("one a column") << 360 << 1.0 << false;
    QTest::newRow("four a column") << 1440 << 1.0 << false;
    QTest::newRow("dense") << 20000 << 1.0 << false;
    QTest::newRow("wide") << 1440 << 2.0 << false;
    QTest::newRow("antialiased") << 1440 << 1.0 << true;
  }

  void samePixelsAsTheLibrary() {
    QFETCH(int, points);
    QFETCH(double, width);
    QFETCH(bool, antialiased);
    for (unsigned seed = 1; seed <= 5; ++seed) {
      const auto data = noisyLine(points, seed);
      const QImage plain = drawn<QCPGraph>(data, width, antialiased);
      const QImage fast = drawn<PixelLine>(data, width, antialiased);
      QVERIFY(plain.size() == fast.size() && plain == fast);
      QVERIFY(fast != drawn<PixelLine>({}, width, antialiased));
    }
  }

  void aColumnIsOneStroke() {
    const QVector<QPointF> points{{0.6, 5}, {0.8, -3}, {1.2, 9}, {1.4, 4}, {2.1, 6}};
    const QVector<QLine> expected{{1, -3, 1, 9}, {1, 4, 2, 6}};
    QCOMPARE(PixelLine::strokes(points), expected);
  }

  void missingPointsPauseTheLine() {
    const QVector<QPointF> points{{0, 1}, {0, missing}, {0, 2},      {missing, 0},
                                  {3, 1}, {4, 1},       {4, missing}};
    const QVector<QLine> expected{{3, 1, 4, 1}};
    QCOMPARE(PixelLine::strokes(points), expected);
    QVERIFY(PixelLine::strokes({}).isEmpty());
  }

  void strokesAreBoundedByTheColumns() {
    QVector<QPointF> points;
    for (int i = 0; i < 100000; ++i) points.append({i * 300.0 / 100000, (i * 7919) % 200 * 1.0});
    QVERIFY(PixelLine::strokes(points).size() <= 2 * 301);
  }
};

QTEST_MAIN(TestPixelLine)
#include "tst_pixel_line.moc"
