// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <thread>

#include "core/events/thinned_series.h"
#include "core/run/published_list.h"
#include "core/run/trace_buffer.h"

using namespace ergo;

class TestSeries : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void keepsEverythingBelowItsCapacity() {
    ThinnedSeries series(1000);
    for (int i = 0; i < 1000; ++i) series.append(i, std::sin(i), i % 3 == 0);
    QCOMPARE(series.size(), std::size_t{1000});
    for (int i = 0; i < 1000; ++i) {
      const auto point = series[static_cast<std::size_t>(i)];
      QVERIFY(point.x == i && point.y == std::sin(i) && point.solid == (i % 3 == 0));
    }
    series.append(1000, 0, true);
    QCOMPARE(series.size(), std::size_t{501});
    QCOMPARE(series.group_length(), std::size_t{8});
  }

  /// Every group against its samples: first, lowest, highest and last are there, in order.
  void groupsKeepTheirExtremes() {
    std::mt19937 engine(5);
    std::vector<double> y;
    ThinnedSeries series(64);
    for (int i = 0; i < 5000; ++i) {
      y.push_back(engine() % 97);
      series.append(i, y.back(), true);
      QVERIFY(series.size() <= 64);
      QVERIFY(series.last().x == i);
    }
    const std::size_t length = series.group_length();
    QCOMPARE(length, std::size_t{512});  // 16 groups hold 5000 samples
    for (std::size_t group = 0; 4 * group < series.size(); ++group) {
      const std::size_t begin = group * length, end = std::min(begin + length, y.size());
      const auto low = *std::min_element(y.begin() + begin, y.begin() + end);
      const auto high = *std::max_element(y.begin() + begin, y.begin() + end);
      double kept_low = 1e9, kept_high = -1e9;
      for (std::size_t i = 4 * group; i < 4 * group + 4; ++i) {
        QVERIFY(series.y(i) == y[static_cast<std::size_t>(series.x(i))]);
        if (i > 0) QVERIFY(series.x(i) > series.x(i - 1));
        kept_low = std::min(kept_low, series.y(i));
        kept_high = std::max(kept_high, series.y(i));
      }
      QCOMPARE(series.x(4 * group), static_cast<double>(begin));
      QCOMPARE(series.x(4 * group + 3), static_cast<double>(end - 1));
      QVERIFY(kept_low == low && kept_high == high);
    }
  }

  void countsWhatIsNotFinite() {
    ThinnedSeries series(16);
    series.append(0, std::nan(""), true);
    series.append(1, HUGE_VAL, true);
    series.append(2, 7, true);
    QCOMPARE(series.non_finite(), std::size_t{2});
    QCOMPARE(series.samples(), std::size_t{1});
    QVERIFY(series.low() == 7 && series.high() == 7);
  }

  /// A whole trace, taken after every `interval` transitions.
  static std::vector<TracePoint> traceOf(std::int64_t steps, std::int64_t fine, int interval,
                                         std::int64_t* thinned = nullptr) {
    TraceBuffer buffer(fine, 64);
    std::vector<TracePoint> all;
    std::mt19937 engine(3);
    const auto take = [&] {
      const Trace& taken = buffer.take();
      all.insert(all.end(), taken.points.begin(), taken.points.end());
      if (thinned) *thinned += taken.thinned;
    };
    for (std::int64_t t = 1; t <= steps; ++t) {
      buffer.add({t, t == 77777 ? 1e9 : static_cast<double>(engine() % 97), t > 500});
      if (t % interval == 0) take();
    }
    buffer.close();
    take();
    return all;
  }

  static bool equal(const TracePoint& a, const TracePoint& b) {
    return a.step == b.step && a.potential == b.potential && a.collecting == b.collecting;
  }

  /// Whoever looks, and however often, gets the same trace in all.
  void traceDoesNotDependOnWhoLooks() {
    const std::vector<TracePoint> once = traceOf(100003, 1024, 1000000);
    for (const int interval : {1, 17, 4096, 30000}) {
      const std::vector<TracePoint> often = traceOf(100003, 1024, interval);
      QVERIFY(std::equal(once.begin(), once.end(), often.begin(), often.end(), equal));
    }
  }

  /// Against the rule written out: octaves of groups that double, each by its extremes.
  void traceKeepsTheExtremesOfItsGroups() {
    constexpr std::int64_t steps = 100003, fine = 1024;
    std::int64_t thinned = 0;
    std::vector<double> u{0};
    std::mt19937 engine(3);
    for (std::int64_t t = 1; t <= steps; ++t)
      u.push_back(t == 77777 ? 1e9 : static_cast<double>(engine() % 97));
    std::vector<std::int64_t> expected;
    for (std::int64_t t = 1; t <= fine; ++t) expected.push_back(t);
    std::int64_t length = 8;
    for (std::int64_t begin = fine; begin < steps; begin *= 2, length *= 2) {
      for (std::int64_t from = begin + 1; from <= std::min(2 * begin, steps); from += length) {
        const std::int64_t end = std::min(from + length - 1, steps);
        const auto low = std::min_element(u.begin() + from, u.begin() + end + 1) - u.begin();
        const auto high = std::max_element(u.begin() + from, u.begin() + end + 1) - u.begin();
        for (const std::int64_t t : std::set<std::int64_t>{from, low, high, end})
          expected.push_back(t);
      }
    }
    const std::vector<TracePoint> trace = traceOf(steps, fine, 5000, &thinned);
    QCOMPARE(trace.size(), expected.size());
    for (std::size_t i = 0; i < trace.size(); ++i) {
      QCOMPARE(trace[i].step, expected[i]);
      QVERIFY(trace[i].potential == u[static_cast<std::size_t>(expected[i])]);
    }
    QCOMPARE(thinned, steps - static_cast<std::int64_t>(trace.size()));
  }

  void traceStaysWithinItsBudget_data() {
    QTest::addColumn<qint64>("steps");
    QTest::addColumn<qint64>("budget");
    QTest::addRow("all fit") << qint64{1000} << qint64{1000};
    QTest::addRow("one too many") << qint64{100001} << qint64{100000};
    QTest::addRow("many octaves") << qint64{3000000} << qint64{5000};
  }
  void traceStaysWithinItsBudget() {
    QFETCH(qint64, steps);
    QFETCH(qint64, budget);
    const std::int64_t fine = TraceThinner::fine_for(steps, budget);
    const auto size = static_cast<qint64>(traceOf(steps, fine, 100000).size());
    QVERIFY2(size <= budget && 3 * size >= budget, qPrintable(QString::number(size)));
    QVERIFY(TraceThinner::fine_for(std::int64_t{1} << 62, 4096) >= 8);
  }

  /// A chain and a monitor at full speed: in order, nothing twice, everything accounted for.
  void twoThreadsLoseNothing() {
    constexpr int count = 400000;
    TraceBuffer buffer(50000, 256);
    std::atomic<bool> done{false};
    std::jthread chain([&] {
      for (int t = 1; t <= count; ++t) buffer.add({t, static_cast<double>(t), true});
      buffer.close();
      done = true;
    });
    std::int64_t last = 0, points = 0;
    bool ordered = true;
    for (bool more = true; more;) {
      more = !done;
      const Trace& taken = buffer.take();
      for (const TracePoint& point : taken.points) {
        ordered =
            ordered && point.step > last && point.potential == static_cast<double>(point.step);
        last = point.step;
      }
      points += static_cast<std::int64_t>(taken.points.size()) + taken.thinned;
    }
    QVERIFY(ordered);
    QCOMPARE(last, std::int64_t{count});
    QCOMPARE(points, std::int64_t{count});
  }

  void publishedListIsReadWhileItGrows() {
    constexpr std::size_t count = 100000;
    PublishedList<int> list(count);
    std::jthread writer([&list] {
      for (std::size_t i = 0; i < count; ++i) list.add(static_cast<int>(i));
    });
    std::size_t seen = 0;
    bool fine = true;
    while (seen < count) {
      for (const int value : list.since(seen)) fine = fine && value == static_cast<int>(seen++);
    }
    QVERIFY(fine);
    writer.join();
    QVERIFY(!list.add(1));
    QVERIFY(list.since(count).empty());
  }
};

QTEST_GUILESS_MAIN(TestSeries)
#include "tst_series.moc"
