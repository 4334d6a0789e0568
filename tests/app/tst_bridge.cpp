// SPDX-License-Identifier: GPL-3.0-or-later
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <atomic>
#include <thread>

#include "app/desktop/event_queue.h"
#include "app/desktop/frame_clock.h"
#include "app/desktop/run_bridge.h"

using namespace ergo;

namespace {

TraceAdded trace(int sampler, std::int64_t chain, double step, double potential) {
  return {1, sampler, chain, {step}, {step}, {potential}, {true}};
}

template <class Event>
std::vector<Event> only(const std::vector<RunEvent>& events) {
  std::vector<Event> list;
  for (const RunEvent& event : events)
    if (const auto* match = std::get_if<Event>(&event)) list.push_back(*match);
  return list;
}

}  // namespace

class TestBridge : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void latestWinsPerSampler();
  void tracesAreAppendedPerChain();
  void nothingMovesAcrossARunStarted();
  void millionEventsStayBounded();
  void millionMessagesStayBounded();
  void wakesOncePerBurst();
  void manyThreadsLoseNothingVital();
  void workRunsOffTheWindowThread();
  void signalsComeInOrder();
  void errorBecomesSentence_data();
  void errorBecomesSentence();
  void lateEventsOfAnotherRunAreDropped();
  void secondStartIsRefused();
  void controlReachesTheWork();
  void destructionStopsTheWork();
  void clockSleepsWhenNothingIsWanted();
  void clockHasThreePaces();
  void clockMeasuresARateBetweenRests();
};

void TestBridge::latestWinsPerSampler() {
  EventQueue queue([] {});
  for (int k = 0; k < 10; ++k)
    for (int sampler = 0; sampler < 3; ++sampler) {
      PredictiveUpdated event;
      event.sampler = sampler;
      event.draws = k;
      queue.push(event);
      Progress progress;
      progress.done = k;
      queue.push(progress);
    }
  const auto events = queue.drain();
  QCOMPARE(events.size(), std::size_t{4});
  for (const auto& event : only<PredictiveUpdated>(events)) QCOMPARE(event.draws, 9);
  QCOMPARE(only<Progress>(events).at(0).done, 9);
  QVERIFY(queue.drain().empty());
}

void TestBridge::tracesAreAppendedPerChain() {
  EventQueue queue([] {});
  for (int t = 0; t < 100; ++t)
    for (int chain = 0; chain < 2; ++chain) queue.push(trace(0, chain, t, 10.0 * t + chain));
  const auto traces = only<TraceAdded>(queue.drain());
  QCOMPARE(traces.size(), std::size_t{2});
  for (int chain = 0; chain < 2; ++chain) {
    QCOMPARE(traces[chain].chain, chain);
    QCOMPARE(traces[chain].step.size(), std::size_t{100});
    QCOMPARE(traces[chain].collecting.size(), std::size_t{100});
    for (int t = 0; t < 100; ++t) QVERIFY(traces[chain].potential[t] == 10.0 * t + chain);
  }
  QCOMPARE(queue.thinned(), 0);
  TraceAdded before = trace(0, 0, 100, 1);
  before.thinned = 7;  // by the chain's own buffer
  queue.push(before);
  QCOMPARE(queue.thinned(), 7);
}

void TestBridge::nothingMovesAcrossARunStarted() {
  EventQueue queue([] {});
  queue.push(trace(0, 0, 1, 1));
  queue.push(RunFinished{1, "stopped", "", {}});
  queue.push(RunStarted{});
  queue.push(trace(0, 0, 2, 2));
  const auto events = queue.drain();
  QCOMPARE(events.size(), std::size_t{4});
  QVERIFY(std::holds_alternative<RunFinished>(events[1]));
  QVERIFY(std::holds_alternative<RunStarted>(events[2]));
  QVERIFY(std::get<TraceAdded>(events[3]).potential == std::vector<double>{2});
}

void TestBridge::millionEventsStayBounded() {
  const EventQueue::Bounds bounds{20000, 100};
  EventQueue queue([] {}, bounds);
  constexpr int count = 1000000;
  queue.push(RunStarted{});
  for (int t = 0; t < count; ++t) queue.push(trace(t % 4, 0, t, t == 777777 ? 1e9 : std::sin(t)));
  queue.push(RunFinished{});
  const auto events = queue.drain();
  std::size_t points = 0;
  double highest = 0;
  for (const auto& event : only<TraceAdded>(events)) {
    points += event.step.size();
    QVERIFY(std::is_sorted(event.step.begin(), event.step.end()));
    for (double u : event.potential) highest = std::max(highest, u);
  }
  QVERIFY(points <= bounds.trace_points);
  QVERIFY(points >= bounds.trace_points / 4);
  QVERIFY(highest == 1e9);  // a peak survives any thinning
  QCOMPARE(queue.thinned(), static_cast<std::int64_t>(count - points));
  QVERIFY(std::holds_alternative<RunStarted>(events.front()));
  QVERIFY(std::holds_alternative<RunFinished>(events.back()));
}

void TestBridge::millionMessagesStayBounded() {
  EventQueue queue([] {}, {1000, 500});
  constexpr int count = 1000000;
  for (int i = 0; i < count; ++i) {
    MetaIteration iteration;
    iteration.iteration = i;
    if (i % 100000 == 0) iteration.score = 1.0;
    queue.push(iteration);
    if (i == 10) queue.push(ChainDiverged{});
  }
  const auto events = queue.drain();
  QVERIFY(events.size() <= 600);
  QCOMPARE(only<ChainDiverged>(events).size(), std::size_t{1});
  const auto iterations = only<MetaIteration>(events);
  QCOMPARE(iterations.back().iteration, count - 1);
  const auto scored = std::count_if(iterations.begin(), iterations.end(),
                                    [](const MetaIteration& i) { return std::isfinite(i.score); });
  QCOMPARE(scored, 10);  // validated iterations are never thinned
  QCOMPARE(queue.thinned() + static_cast<std::int64_t>(iterations.size()), std::int64_t{count});
}

void TestBridge::wakesOncePerBurst() {
  int wakes = 0;
  EventQueue queue([&wakes] { ++wakes; });
  for (int i = 0; i < 100; ++i) queue.push(LogMessage{});
  QCOMPARE(wakes, 1);
  QCOMPARE(queue.drain().size(), std::size_t{100});
  queue.push(LogMessage{});
  QCOMPARE(wakes, 1);  // the clock still ticks: it goes on until a drain finds nothing
  queue.drain();
  QVERIFY(queue.drain().empty());
  queue.push(LogMessage{});
  QCOMPARE(wakes, 2);
}

void TestBridge::manyThreadsLoseNothingVital() {
  EventQueue queue([] {}, {1000, 50});
  std::atomic<int> left{4};
  std::vector<std::jthread> threads;
  for (int id = 0; id < 4; ++id)
    threads.emplace_back([&queue, &left, id] {
      for (int t = 0; t < 20000; ++t) queue.push(trace(id, 0, t, t));
      for (int i = 0; i < 25; ++i) queue.push(ChainDiverged{1, id, i, i, "x"});
      --left;
    });
  std::vector<double> last(4, -1.0);
  std::size_t diverged = 0;
  for (bool more = true; more;) {
    more = left > 0;
    for (const RunEvent& event : queue.drain()) {
      if (std::holds_alternative<ChainDiverged>(event)) ++diverged;
      const auto* added = std::get_if<TraceAdded>(&event);
      if (!added) continue;
      QVERIFY(added->step.front() > last[added->sampler]);
      QVERIFY(std::is_sorted(added->step.begin(), added->step.end()));
      last[added->sampler] = added->step.back();
    }
  }
  QCOMPARE(diverged, std::size_t{100});
}

void TestBridge::workRunsOffTheWindowThread() {
  RunBridge bridge;
  QSignalSpy finished(&bridge, &RunBridge::finished);
  std::thread::id worker;
  QThread* receiver = nullptr;
  connect(&bridge, &RunBridge::drained, this,
          [&](const std::vector<RunEvent>&) { receiver = QThread::currentThread(); });
  QVERIFY(bridge.start([&](std::int64_t run, const EventSink& sink, RunControl&) {
    worker = std::this_thread::get_id();
    sink(RunFinished{run, "completed", "", {}});
  }));
  QTRY_COMPARE(finished.count(), 1);
  QVERIFY(worker != std::thread::id());
  QVERIFY(worker != std::this_thread::get_id());
  QCOMPARE(receiver, thread());
  QVERIFY(!bridge.isRunning());
}

void TestBridge::signalsComeInOrder() {
  RunBridge bridge;
  QStringList order;
  connect(&bridge, &RunBridge::started, this, [&] { order << "started"; });
  connect(&bridge, &RunBridge::drained, this, [&](const std::vector<RunEvent>& events) {
    for (const RunEvent& event : events) order << QString::number(event.index());
  });
  connect(&bridge, &RunBridge::finished, this, [&] { order << "finished"; });
  bridge.start([](std::int64_t run, const EventSink& sink, RunControl&) {
    RunStarted start;
    start.run = run;
    sink(start);
    sink(LogMessage{run, "info", "x"});
    sink(RunFinished{run, "completed", "", {}});
  });
  QTRY_VERIFY(order.contains("finished"));
  const auto number = [](const RunEvent& event) { return QString::number(event.index()); };
  QCOMPARE(order, (QStringList{"started", number(RunStarted{}), number(LogMessage{}),
                               number(RunFinished{}), "finished"}));
}

void TestBridge::errorBecomesSentence_data() {
  QTest::addColumn<int>("kind");
  QTest::addColumn<int>("code");
  QTest::addColumn<QString>("part");
  QTest::addRow("user error") << 0 << 78 << "step_size is -1";
  QTest::addRow("internal") << 1 << 70 << "broken";
  QTest::addRow("memory") << 2 << 70 << "memory";
}

void TestBridge::errorBecomesSentence() {
  QFETCH(int, kind);
  QFETCH(int, code);
  QFETCH(QString, part);
  RunBridge bridge;
  QSignalSpy failed(&bridge, &RunBridge::failed);
  QSignalSpy finished(&bridge, &RunBridge::finished);
  std::vector<RunEvent> all;
  connect(&bridge, &RunBridge::drained, this, [&](const std::vector<RunEvent>& events) {
    all.insert(all.end(), events.begin(), events.end());
  });
  bridge.start([kind](std::int64_t, const EventSink&, RunControl&) {
    if (kind == 0) throw Error(ExitCode::config, "Field step_size is -1.");
    if (kind == 1) throw std::runtime_error("broken");
    throw std::bad_alloc();
  });
  QTRY_COMPARE(finished.count(), 1);
  QCOMPARE(failed.count(), 1);
  QCOMPARE(failed[0][0].toInt(), code);
  QVERIFY(failed[0][1].toString().contains(part));
  QCOMPARE(only<RunFinished>(all).at(0).reason, "failed");
  QCOMPARE(only<LogMessage>(all).at(0).level, "error");
}

void TestBridge::lateEventsOfAnotherRunAreDropped() {
  RunBridge bridge;
  std::size_t seen = 0;
  QSignalSpy finished(&bridge, &RunBridge::finished);
  connect(&bridge, &RunBridge::drained, this,
          [&](const std::vector<RunEvent>& e) { seen += e.size(); });
  bridge.start([](std::int64_t run, const EventSink& sink, RunControl&) {
    sink(LogMessage{run - 1, "info", "late"});
    sink(RunFinished{run, "completed", "", {}});
  });
  QTRY_COMPARE(finished.count(), 1);
  QCOMPARE(seen, std::size_t{1});
}

void TestBridge::secondStartIsRefused() {
  RunBridge bridge;
  std::atomic<int> calls{0};
  const auto work = [&calls](std::int64_t, const EventSink&, RunControl& control) {
    ++calls;
    while (!control.stopped()) std::this_thread::yield();
  };
  QSignalSpy finished(&bridge, &RunBridge::finished);
  QVERIFY(bridge.start(work));
  QVERIFY(!bridge.start(work));
  bridge.stop();
  QVERIFY(bridge.isStopping());
  QTRY_COMPARE(finished.count(), 1);
  QCOMPARE(calls.load(), 1);
  QVERIFY(bridge.start(work));
  QVERIFY(!bridge.isStopping());  // a new run has a new control
  bridge.stop();
  QTRY_COMPARE(finished.count(), 2);
}

void TestBridge::controlReachesTheWork() {
  RunBridge bridge;
  std::atomic<std::int64_t> steps{0};
  QSignalSpy finished(&bridge, &RunBridge::finished);
  std::atomic<bool> go{false};
  bridge.start([&](std::int64_t, const EventSink&, RunControl& control) {
    while (!go) std::this_thread::yield();
    std::int64_t granted = 0;
    while (!control.stopped())
      if (control.may_advance(granted)) ++steps;
  });
  bridge.pause();
  QVERIFY(bridge.isPaused());
  go = true;
  bridge.step(3);
  QTRY_COMPARE(steps.load(), 3);
  bridge.step();
  QTRY_COMPARE(steps.load(), 4);
  bridge.resume();
  QTRY_VERIFY(steps.load() > 100);
  bridge.stop();
  QTRY_COMPARE(finished.count(), 1);
}

void TestBridge::destructionStopsTheWork() {
  std::atomic<bool> ended{false};
  {
    RunBridge bridge;
    bridge.start([&ended](std::int64_t run, const EventSink& sink, RunControl& control) {
      while (!control.stopped()) sink(trace(0, 0, 0, 0));
      sink(RunFinished{run, "stopped", "", {}});
      ended = true;
    });
  }
  QVERIFY(ended);
}

void TestBridge::clockSleepsWhenNothingIsWanted() {
  int frames = 0;
  FrameClock clock([&frames] { return ++frames < 3; }, this);
  for (int i = 0; i < 50; ++i) clock.request();  // fifty wishes are one frame
  QTRY_COMPARE(frames, 3);
  QVERIFY(clock.findChildren<QTimer*>().isEmpty() ||
          !clock.findChildren<QTimer*>().first()->isActive());
  clock.request();
  QTRY_COMPARE(frames, 4);
}

void TestBridge::clockHasThreePaces() {
  bool heavy = false;
  int frames = 0;
  FrameClock clock(
      [&] {
        QElapsedTimer busy;
        busy.start();
        while (heavy && busy.elapsed() <= 2 * FrameClock::budgetMs) continue;
        return ++frames < 5;
      },
      this);
  QCOMPARE(clock.pace(), 16);
  clock.setRelaxed(true);
  QCOMPARE(clock.pace(), 100);
  clock.setRelaxed(false);
  heavy = true;
  clock.request();
  QTRY_COMPARE(frames, 5);
  QCOMPARE(clock.pace(), 33);
  clock.setFixedPace(1000);
  QCOMPARE(clock.pace(), 1000);
}

/// Events come ten times a second and the clock sleeps in between: the rate is not zero.
void TestBridge::clockMeasuresARateBetweenRests() {
  FrameClock clock([] { return false; }, this);
  QTimer monitor;
  connect(&monitor, &QTimer::timeout, &clock, &FrameClock::request);
  monitor.start(40);
  QTRY_VERIFY(clock.framesPerSecond() > 0.0);
}

QTEST_GUILESS_MAIN(TestBridge)
#include "tst_bridge.moc"
