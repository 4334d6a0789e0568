// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAction>
#include <QClipboard>
#include <QSignalSpy>
#include <QToolButton>

#include "tests/widgets/plot_fixture.h"
#include "widgets/caption_label.h"

using namespace ergo;
using namespace ergo::fixture;

namespace {

void hover(LivePlot& plot, QPoint at) {
  QMouseEvent move(QEvent::MouseMove, at, canvas(plot)->mapToGlobal(at), Qt::NoButton, Qt::NoButton,
                   {});
  QApplication::sendEvent(canvas(plot), &move);
}

/// What stands beside the cursor; empty while it is hidden.
QString cursorText(const LivePlot& plot) {
  for (QCPLayerable* child : canvas(plot)->layer("overlay")->children())
    if (auto* item = qobject_cast<QCPItemText*>(child); item && item->visible())
      return item->text();
  return {};
}

}  // namespace

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
    hover(*plot, rect->center());
    QCOMPARE(replots.count(), 0);
    const QString text = cursorText(*plot);
    QVERIFY2(text.contains("gradient evaluations: ") && text.contains("potential U (nats): "),
             qPrintable(text));
  }

  /// The cursor rests; what lies under it moves by keys, by streaming data and by a new run.
  void cursorFollowsWhatMovesUnderIt() {
    auto plot = shown("trace");
    const QPoint at = canvas(*plot)->axisRects().first()->rect().topLeft() + QPoint(40, 50);
    const auto expected = [&] {
      QCPAxisRect* rect = canvas(*plot)->axisRects().first();
      return plot->readout(rect, rect->axis(QCPAxis::atBottom)->pixelToCoord(at.x()),
                           rect->axis(QCPAxis::atLeft)->pixelToCoord(at.y()));
    };
    hover(*plot, at);
    QString before = cursorText(*plot);
    QCOMPARE(before, expected());
    QTest::keyClick(plot.get(), Qt::Key_Plus);
    QCoreApplication::processEvents();
    QVERIFY(cursorText(*plot) != before);
    QCOMPARE(cursorText(*plot), expected());
    plot->fit();
    before = cursorText(*plot);
    plot->consume(sample::trace(0, 0, 2500, 2500));  // twice as long
    plot->refresh();
    QVERIFY(cursorText(*plot) != before);
    QCOMPARE(cursorText(*plot), expected());
    RunStarted empty;
    empty.run = 9;
    plot->consume(empty);  // a sentence instead of axes
    plot->refresh();
    QCOMPARE(cursorText(*plot), QString());
  }

  void captionNamesTheRun() {
    auto plot = shown("trace");
    auto* caption = plot->findChild<CaptionLabel*>("caption");
    QVERIFY(caption->isVisible());
    QCOMPARE(caption->text(), QString("toy-foong · seed 3 · 20,000 gradient evaluations each"));
    plot->setOutdated(true);
    QVERIFY2(caption->text().startsWith("Settings changed since this run: toy-foong"),
             qPrintable(caption->text()));
    plot->setOutdated(false);
    plot->consume(RunFinished{1, "stopped", "", {}});
    QVERIFY(caption->text().endsWith("each · stopped early"));
    plot->consume(sample::started(2));
    QVERIFY(caption->text().endsWith("each"));
  }

  /// A clipboard has the picture with the line that names its run.
  void copiedPictureNamesItsRun() {
    auto plot = shown("trace");
    plot->findChild<QAction*>("copyPicture")->trigger();
    const QImage image = QApplication::clipboard()->image();
    QCOMPARE(image.size(), plot->size());
    const auto* caption = plot->findChild<CaptionLabel*>("caption");
    QVERIFY(colorsOf(image.copy(caption->geometry())).size() > 4);  // text, not an empty strip
  }

  /// The keyboard is somewhere: a ring says where. Clicks need none.
  void ringShowsWhoHasTheKeys() {
    auto plot = shown("trace");
    auto* ring = plot->findChild<QWidget*>("focusRing");
    plot->activateWindow();
    plot->setFocus(Qt::TabFocusReason);
    QTRY_VERIFY(ring->isVisible());
    QCOMPARE(ring->size(), plot->size());
    QVERIFY(plot->grab().toImage().pixelColor(1, 40) == plot->palette().color(QPalette::Highlight));
    plot->clearFocus();
    QVERIFY(!ring->isVisible());
    plot->setFocus(Qt::MouseFocusReason);
    QVERIFY(!ring->isVisible());
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
