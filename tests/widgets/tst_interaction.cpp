// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSignalSpy>
#include <QToolButton>

#include "tests/widgets/plot_fixture.h"

using namespace ergo;
using namespace ergo::fixture;

class TestInteraction : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void hiddenPlotDoesNotDraw() {
    auto plot = sample::make("trace");
    plot->resize(400, 300);
    QSignalSpy replots(plot->panels().front(), &QCustomPlot::afterReplot);
    sample::feed(*plot);
    plot->refresh();
    QCOMPARE(replots.count(), 0);
    QVERIFY(plot->isDirty());
    plot->show();
    QVERIFY(replots.count() > 0);
    QVERIFY(!plot->isDirty());
    const auto drawn = replots.count();
    plot->refresh();
    QCOMPARE(replots.count(), drawn);
    plot->consume(sample::trace(0, 0, 10, 2500));
    QVERIFY(plot->isDirty());
    QCOMPARE(replots.count(), drawn);
    plot->refresh();
    QCOMPARE(replots.count(), drawn + 1);
  }

  void lateEventsAreDropped() {
    auto plot = shown("predictive");
    plot->consume(sample::started(4));
    const QString before = plot->csv();
    plot->consume(sample::predictive(0, 1));
    QCOMPARE(plot->csv(), before);
    plot->consume(PredictiveUpdated{4, 99, 3, {}});
    plot->consume(PredictiveUpdated{4, -1, 3, {}});
    QCOMPARE(plot->csv(), before);
    plot->consume(sample::predictive(0, 4));
    QVERIFY(plot->csv() != before);
  }

  void wheelStopsFollowingWhileDataStream() {
    auto plot = shown("trace");
    QCPAxisRect* rect = canvas(*plot)->axisRects().first();
    QCPAxis *x = rect->axis(QCPAxis::atBottom), *y = rect->axis(QCPAxis::atLeft);
    auto* badge = plot->findChild<QToolButton*>("followBadge");
    QVERIFY(plot->isFollowing() && !badge->isVisible());
    const QPoint at = rect->center();
    const double under = x->pixelToCoord(at.x());
    const QCPRange fitted = x->range();
    wheel(*plot, at);
    QVERIFY(!plot->isFollowing() && badge->isVisible());
    QVERIFY(x->range().size() < fitted.size());
    QVERIFY(near(x->pixelToCoord(at.x()), under, fitted.size() / rect->width()));
    const QCPRange zoomed = x->range(), height = y->range();
    plot->consume(sample::trace(0, 0, 500, 2500));
    plot->refresh();
    QCOMPARE(x->range(), zoomed);
    QCOMPARE(y->range(), height);
    plot->applyTheme(Theme::night());  // rebuilds everything
    x = canvas(*plot)->axisRects().first()->axis(QCPAxis::atBottom);
    QCOMPARE(x->range(), zoomed);
    QTest::keyClick(plot.get(), Qt::Key_Home);
    QVERIFY(plot->isFollowing() && !badge->isVisible());
    QVERIFY(near(x->range().upper, 4.0 * 2999, 1e-9));
  }

  void wheelOverAnAxisZoomsOnlyIt() {
    auto plot = shown("trace");
    QCPAxisRect* rect = canvas(*plot)->axisRects().first();
    const QCPRange x = rect->axis(QCPAxis::atBottom)->range(),
                   y = rect->axis(QCPAxis::atLeft)->range();
    wheel(*plot, {rect->center().x(), rect->bottom() + 8});
    QVERIFY(rect->axis(QCPAxis::atBottom)->range().size() < x.size());
    QCOMPARE(rect->axis(QCPAxis::atLeft)->range(), y);
    plot->fit();
    wheel(*plot, {rect->left() - 8, rect->center().y()});
    QCOMPARE(rect->axis(QCPAxis::atBottom)->range(), x);
    QVERIFY(rect->axis(QCPAxis::atLeft)->range().size() < y.size());
  }

  void boxZoomAndPan() {
    auto plot = shown("predictive");
    const QList<QCPAxisRect*> rects = canvas(*plot)->axisRects();
    QCPAxis* x = rects[0]->axis(QCPAxis::atBottom);
    const QCPRange fitted = x->range();
    const QPoint from = rects[0]->rect().topLeft() + QPoint(60, 20);
    const double left = x->pixelToCoord(from.x()), right = x->pixelToCoord(from.x() + 100);
    drag(*plot, Qt::LeftButton, from, from + QPoint(100, 60));
    QVERIFY(!plot->isFollowing());
    QVERIFY2(near(x->range().lower, left, 0.05) && near(x->range().upper, right, 0.05),
             qPrintable(QString("%1 %2").arg(x->range().lower).arg(x->range().upper)));
    QCOMPARE(rects[3]->axis(QCPAxis::atBottom)->range(), x->range());  // linked
    const QCPRange boxed = x->range();
    drag(*plot, Qt::MiddleButton, rects[0]->center(), rects[0]->center() + QPoint(30, 0));
    QVERIFY(near(x->range().size(), boxed.size(), 1e-9) && x->range().lower < boxed.lower);
    QTest::mouseDClick(canvas(*plot), Qt::LeftButton, {}, rects[0]->center());
    QVERIFY(plot->isFollowing());
    QCOMPARE(x->range(), fitted);
  }

  void newRunFollowsAgain() {
    auto plot = shown("trace");
    wheel(*plot, canvas(*plot)->axisRects().first()->center());
    QVERIFY(!plot->isFollowing());
    plot->consume(sample::started(2));
    QVERIFY(plot->isFollowing());
  }

  void cursorReadsValuesWithoutDrawingData() {
    auto plot = shown("trace");
    QCPAxisRect* rect = canvas(*plot)->axisRects().first();
    QCoreApplication::processEvents();  // what showing it has queued
    QSignalSpy replots(canvas(*plot), &QCustomPlot::afterReplot);
    QTest::mouseMove(canvas(*plot), rect->center());
    QMouseEvent move(QEvent::MouseMove, rect->center(), canvas(*plot)->mapToGlobal(rect->center()),
                     Qt::NoButton, Qt::NoButton, {});
    QApplication::sendEvent(canvas(*plot), &move);
    QCOMPARE(replots.count(), 0);
    QString text;
    for (QCPLayerable* child : canvas(*plot)->layer("overlay")->children()) {
      if (auto* item = qobject_cast<QCPItemText*>(child))
        text = item->visible() ? item->text() : "";
    }
    QVERIFY2(text.contains("gradient evaluations: ") && text.contains("potential U (nats): "),
             qPrintable(text));
  }

  void fitDrawsOnce() {
    auto plot = shown("trace");
    QSignalSpy replots(canvas(*plot), &QCustomPlot::afterReplot);
    for (const bool following : {false, true}) {
      plot->setFollowing(following);
      replots.clear();
      plot->fit();
      QCOMPARE(replots.count(), 1);
      QVERIFY(plot->isFollowing());
    }
  }

  void keysZoomAndPan() {
    auto plot = shown("trace");
    QCPAxis* x = canvas(*plot)->axisRects().first()->axis(QCPAxis::atBottom);
    const QCPRange fitted = x->range();
    QTest::keyClick(plot.get(), Qt::Key_Plus);
    QVERIFY(x->range().size() < fitted.size());
    const QCPRange zoomed = x->range();
    QTest::keyClick(plot.get(), Qt::Key_Right);
    QVERIFY(x->range().lower > zoomed.lower);
    QVERIFY(near(x->range().size(), zoomed.size(), 1e-6 * zoomed.size()));
  }
};

QTEST_MAIN(TestInteraction)
#include "tst_interaction.moc"
