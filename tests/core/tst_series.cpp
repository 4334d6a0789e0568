// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <algorithm>
#include <cmath>
#include <random>
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

  /// Nobody takes: the buffer stays bounded, keeps the peak and counts what it leaves out.
  void fullBufferThinsAndCounts() {
    TraceBuffer buffer(256);
    for (int t = 1; t <= 100000; ++t) buffer.add(t, t == 77777 ? 1e9 : t % 10, t > 500);
    const ThinnedSeries& taken = buffer.take();
    QVERIFY(taken.size() <= 256 && taken.size() >= 128);
    QCOMPARE(taken.samples(), std::size_t{100000});
    QVERIFY(taken.high() == 1e9);
    QCOMPARE(buffer.thinned(), static_cast<std::int64_t>(100000 - taken.size()));
    QVERIFY(buffer.take().empty());
    buffer.add(100001, 1, true);
    QCOMPARE(buffer.take().size(), std::size_t{1});  // at full resolution again
  }

  /// A chain and a monitor at full speed: in order, nothing twice, everything accounted for.
  void twoThreadsLoseNothing() {
    constexpr int count = 400000;
    TraceBuffer buffer(512);
    std::atomic<bool> done{false};
    std::jthread chain([&] {
      for (int t = 1; t <= count; ++t) buffer.add(t, t, true);
      buffer.flush();
      done = true;
    });
    double last = 0;
    std::int64_t points = 0;
    bool ordered = true;
    for (bool more = true; more;) {
      more = !done;
      const ThinnedSeries& taken = buffer.take();
      for (std::size_t i = 0; i < taken.size(); ++i) {
        ordered = ordered && taken.x(i) > last && taken.y(i) == taken.x(i);
        last = taken.x(i);
        ++points;
      }
    }
    QVERIFY(ordered);
    QCOMPARE(last, static_cast<double>(count));
    QCOMPARE(points + buffer.thinned(), std::int64_t{count});
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
