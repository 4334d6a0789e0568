// SPDX-License-Identifier: GPL-3.0-or-later
// The watch of gui_start, in the real window with a run that goes on only when the test says so.
#include <QSignalSpy>
#include <QTest>
#include <memory>
#include <semaphore>

#include "app/desktop/main_window.h"
#include "tests/bench/first_picture.h"
#include "tests/widgets/sample_events.h"

using namespace ergo;

namespace {

/// Emits a group of events at a time and then waits for the next `go`.
struct Script {
  std::vector<std::vector<RunEvent>> groups;
  std::counting_semaphore<16> go{0};

  RunResult play(std::int64_t run, const EventSink& sink) {
    for (const auto& group : groups) {
      go.acquire();
      for (RunEvent event : group) {
        std::visit([run](auto& e) { e.run = run; }, event);
        sink(event);
      }
    }
    go.acquire();
    return {};
  }
};

Services servicesOf(const std::shared_ptr<Script>& script) {
  Services services;
  services.run = [script](const Preset&, const RunOptions& options, const EventSink& sink,
                          RunControl&) { return script->play(options.run, sink); };
  services.remember = false;
  services.quiet = true;
  return services;
}

PredictiveUpdated withoutDraws() {
  PredictiveUpdated event = sample::predictive(0);
  event.draws = 0;
  return event;
}

}  // namespace

class TestFirstPicture : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() {
    m_script = std::make_shared<Script>();
    m_window = std::make_unique<MainWindow>(servicesOf(m_script));
    m_window->resize(1600, 1000);
    m_window->setSavesInterrupted(false);
    m_first = new bench::FirstPicture(m_window.get(), {"trace", "predictive"});
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    QVERIFY(m_window->openPreset("toy-foong"));
  }

  void cleanup() {
    m_script->go.release();
    QTRY_COMPARE(m_window->runs()->state(), RunState::idle);
    m_window.reset();
  }

  void eachPictureIsReportedOnceItShowsNumbers() {
    m_script->groups = {{sample::started(), TraceAdded{}, withoutDraws()},
                        {sample::trace(0, 0)},
                        {sample::predictive(0)},
                        {sample::trace(0, 0, 100, 2500), sample::predictive(1)}};
    QSignalSpy painted(m_first, &bench::FirstPicture::painted);
    QSignalSpy all(m_first, &bench::FirstPicture::allPainted);
    m_window->startRun();
    go(1);
    QCOMPARE(painted.count(), 0);
    go(1);
    QTRY_COMPARE(painted.count(), 1);
    QCOMPARE(painted[0][0].toString(), QStringLiteral("trace"));
    QCOMPARE(all.count(), 0);
    go(1);
    QTRY_COMPARE(painted.count(), 2);
    QCOMPARE(painted[1][0].toString(), QStringLiteral("predictive"));
    QCOMPARE(all.count(), 1);
    go(1);
    QCOMPARE(painted.count(), 2);
  }

  void aHiddenPictureIsNotReported() {
    m_script->groups = {{sample::started(), sample::trace(0, 0), sample::predictive(0)}};
    m_window->findChild<QWidget*>(QStringLiteral("dock.trace"))->hide();
    QSignalSpy painted(m_first, &bench::FirstPicture::painted);
    m_window->startRun();
    go(1);
    QTRY_COMPARE(painted.count(), 1);
    QCOMPARE(painted[0][0].toString(), QStringLiteral("predictive"));
  }

 private:
  /// Lets the next groups of events come, and waits until the window has taken and drawn them.
  void go(int groups) {
    QSignalSpy drained(m_window->runs()->bridge(), &RunBridge::drained);
    m_script->go.release(groups);
    QVERIFY(drained.wait());
    QTRY_VERIFY(!m_window->board()->plot("predictive")->isDirty());
    QCoreApplication::processEvents();
  }

  std::shared_ptr<Script> m_script;
  std::unique_ptr<MainWindow> m_window;
  bench::FirstPicture* m_first = nullptr;
};

QTEST_MAIN(TestFirstPicture)
#include "tst_first_picture.moc"
