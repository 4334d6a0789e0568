// SPDX-License-Identifier: GPL-3.0-or-later
// How smooth is a window of eight pictures while sixteen chains stream into it? A thread feeds
// events at a steady rate through the real bridge, queue, frame clock and plot board; another one
// posts wheel, mouse and key events. Prints figures, never passes or fails by them.
// Usage: gui_frames [points per chain, 1000000] [seconds, 20] [chains, 16]
#include <unistd.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QGridLayout>
#include <QKeyEvent>
#include <QPointingDevice>
#include <QTimer>
#include <QWheelEvent>
#include <algorithm>
#include <atomic>
#include <clocale>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <thread>

#include "app/desktop/frame_clock.h"
#include "app/desktop/plot_board.h"
#include "app/desktop/run_bridge.h"
#include "widgets/plots/live_plot.h"  // brings QCustomPlot

using namespace ergo;

namespace {

constexpr int samplers = 4, feed_ms = 20;

double milliseconds() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

double residentMiB() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1048576.0;
}

void report(const char* name, std::vector<double> values) {
  if (values.empty()) return;
  std::sort(values.begin(), values.end());
  const auto at = [&values](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  std::printf("%-34s n %6zu  p50 %6.1f  p99 %6.1f  max %6.1f ms\n", name, values.size(), at(0.5),
              at(0.99), values.back());
}

struct Load {
  std::int64_t points = 1000000, chains = 16;
  double seconds = 20;
};

Band band(double phase) {
  Band result;
  for (int i = 0; i < 200; ++i) {
    const double y = std::sin(0.05 * i + phase);
    result.mean.push_back(y);
    result.q05.push_back(y - 0.6);
    result.q25.push_back(y - 0.2);
    result.q75.push_back(y + 0.2);
    result.q95.push_back(y + 0.6);
  }
  return result;
}

RunStarted start(std::int64_t run, const Load& load) {
  RunStarted event;
  event.run = run;
  event.task = "regression";
  const char* ids[] = {"sghmc", "csgmcmc", "deep_ensemble", "l2e"};
  for (const char* id : ids)
    event.samplers.push_back({id, id, load.chains / samplers, load.points, 20});
  for (int i = 0; i < 200; ++i) event.curve.grid_x.push_back(-3 + 0.03 * i);
  for (int i = 0; i < 60; ++i) {
    event.curve.train_x.push_back(-2 + i / 15.0);
    event.curve.train_y.push_back(std::sin(i / 9.0));
  }
  event.reference = band(0.1);
  return event;
}

/// An AR(1) series around a level, with a transient; cheap and free of a generator's cost.
TraceAdded trace(std::int64_t run, int sampler, std::int64_t chain, std::int64_t from,
                 std::int64_t to, double& state, std::uint64_t& bits) {
  TraceAdded event;
  event.run = run;
  event.sampler = sampler;
  event.chain = chain;
  for (std::int64_t t = from; t < to; ++t) {
    bits = bits * 6364136223846793005ULL + 1442695040888963407ULL;
    state = 0.97 * state + static_cast<double>(bits >> 40) / 16777216.0 - 0.5;
    event.step.push_back(static_cast<double>(t));
    event.evaluation.push_back(static_cast<double>(4 * t));
    event.potential.push_back(100 + 5 * sampler + 3 * state +
                              900 * std::exp(-static_cast<double>(t) / 5000.0));
    event.collecting.push_back(t > 10000);
  }
  return event;
}

TrajectoryUpdated trajectory(std::int64_t run, const Load& load, int turn) {
  TrajectoryUpdated event;
  event.run = run;
  event.explained[0] = 0.4;
  event.explained[1] = 0.2;
  for (std::int64_t c = 0; c < load.chains; ++c) {
    TrajectoryPath path{static_cast<int>(c % samplers), c / samplers, {}, {}, {}};
    for (int i = 0; i < 100; ++i) {
      path.x.push_back(std::sin(0.13 * i + static_cast<double>(c)) * i * 0.1);
      path.y.push_back(std::cos(0.11 * i + 0.01 * turn) * i * 0.1);
      path.off_plane.push_back(0.5);
    }
    event.paths.push_back(std::move(path));
  }
  return event;
}

void emitPictures(std::int64_t run, const Load& load, int turn, const EventSink& sink) {
  for (int s = 0; s < samplers; ++s) {
    PredictiveUpdated predictive{run, s, 20, band(0.2 * s + 0.01 * turn)};
    sink(predictive);
    ReliabilityUpdated reliability{run, s, 20, {}, {}, {}};
    for (int i = 1; i < 20; ++i) {
      reliability.predicted.push_back(i / 20.0);
      reliability.observed.push_back(std::pow(i / 20.0, 1.0 + 0.1 * s));
      reliability.weight.push_back(1.0 / 19);
    }
    sink(reliability);
    DiversityUpdated diversity{run, s, 20, {}};
    for (int i = 0; i < 400; ++i)
      diversity.pairwise_kld.push_back(i % 21 == 0 ? 0.0 : 1.0 + 0.1 * (i % 7));
    sink(diversity);
  }
  sink(trajectory(run, load, turn));
}

/// Every 20 ms the points of that time for every chain; every 200 ms all other pictures.
void feed(const Load& load, std::int64_t run, const EventSink& sink, RunControl& control) {
  sink(start(run, load));
  std::vector<double> state(static_cast<std::size_t>(load.chains), 0.0);
  std::vector<std::uint64_t> bits(state.size());
  for (std::size_t c = 0; c < bits.size(); ++c) bits[c] = c + 1;
  const int batches = std::max(1, static_cast<int>(load.seconds * 1000 / feed_ms));
  auto next = std::chrono::steady_clock::now();
  for (int b = 0; b < batches && !control.stopped(); ++b) {
    for (std::int64_t c = 0; c < load.chains; ++c)
      sink(trace(run, static_cast<int>(c % samplers), c / samplers, load.points * b / batches,
                 load.points * (b + 1) / batches, state[static_cast<std::size_t>(c)],
                 bits[static_cast<std::size_t>(c)]));
    if (b % 10 == 0) emitPictures(run, load, b, sink);
    std::this_thread::sleep_until(next += std::chrono::milliseconds(feed_ms));
  }
  sink(RunFinished{run, "completed", ""});
}

/// Notes how long a posted input event waits and is handled.
class Bench : public QApplication {
 public:
  using QApplication::QApplication;
  bool notify(QObject* receiver, QEvent* event) override {
    const double posted = event->spontaneous() ? 0.0 : stampOf(event);
    const bool handled = QApplication::notify(receiver, event);
    if (posted > 0) latencies.push_back(milliseconds() - posted);
    return handled;
  }
  std::vector<double> latencies;

 private:
  // The tenth of a millisecond since the start of the program; 0: not one of ours.
  static double stampOf(QEvent* event) {
    if (!event->isInputEvent()) return 0.0;
    const auto stamp = static_cast<QInputEvent*>(event)->timestamp();
    return stamp == 0 ? 0.0 : static_cast<double>(stamp) / 10.0;
  }
};

QInputEvent* inputEvent(int turn, QPoint at) {
  switch (turn % 6) {
    case 0:
      return new QWheelEvent(at, at, {}, {0, turn % 12 < 6 ? 120 : -120}, Qt::NoButton,
                             Qt::NoModifier, Qt::NoScrollPhase, false);
    case 3:
      return new QKeyEvent(QEvent::KeyPress, turn % 12 < 6 ? Qt::Key_Right : Qt::Key_Home,
                           Qt::NoModifier);
    default:
      return new QMouseEvent(QEvent::MouseMove, QPointF(at) + QPointF(turn % 50, turn % 30),
                             QPointF(at), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
  }
}

/// A hand on the mouse: one event every 25 ms, whatever the window does.
void type(const std::atomic<bool>& stop, LivePlot* plot, QWidget* canvas, QPoint at) {
  auto next = std::chrono::steady_clock::now();
  for (int turn = 0; !stop; ++turn) {
    std::this_thread::sleep_until(next += std::chrono::milliseconds(25));
    QInputEvent* event = inputEvent(turn, at);
    event->setTimestamp(static_cast<quint64>(milliseconds() * 10));
    QObject* receiver = event->type() == QEvent::KeyPress ? static_cast<QObject*>(plot) : canvas;
    QCoreApplication::postEvent(receiver, event);
  }
}

/// Eight pictures, the most expensive kinds twice.
std::vector<PlotEntry> eightPictures() {
  std::vector<PlotEntry> list;
  for (const char* id : {"predictive", "trace", "trajectory", "diversity", "reliability", "trace",
                         "trajectory", "predictive"})
    for (const PlotEntry& entry : plotEntries())
      if (QLatin1String(entry.id) == QLatin1String(id)) list.push_back(entry);
  return list;
}

int measure(Bench& app, const Load& load) {
  QWidget window;
  window.resize(1600, 1000);
  PlotBoard board(&window, eightPictures());
  auto* layout = new QGridLayout(&window);
  for (int i = 0; i < static_cast<int>(board.items().size()); ++i)
    layout->addWidget(board.items()[static_cast<std::size_t>(i)].plot, i / 4, i % 4);
  board.applyTheme(Theme::light());
  window.show();
  QCoreApplication::processEvents();

  RunBridge bridge;
  std::vector<double> work, interval;
  double last = 0;
  FrameClock clock(
      [&] {
        const double begin = milliseconds();
        if (last > 0) interval.push_back(begin - last);
        last = begin;
        const bool events = bridge.drain();
        const bool waiting = board.refresh(FrameClock::budgetMs);
        work.push_back(milliseconds() - begin);
        return events || waiting;
      },
      &window);
  QObject::connect(&bridge, &RunBridge::woken, &clock, &FrameClock::request);
  QObject::connect(&bridge, &RunBridge::drained, &window,
                   [&](const std::vector<RunEvent>& events) { board.consume(events, false); });
  QObject::connect(&bridge, &RunBridge::finished, &app, &QApplication::quit);

  QPointingDevice::primaryPointingDevice();  // made here, or else by the thread of the hand
  QInputDevice::primaryKeyboard();
  auto* trace = static_cast<LivePlot*>(board.items()[1].plot);
  QWidget* canvas = trace->panels().front();
  std::atomic<bool> stop{false};
  const double before = residentMiB();
  QElapsedTimer wall;
  wall.start();
  bridge.start([&load](std::int64_t run, const EventSink& sink, RunControl& control) {
    feed(load, run, sink, control);
  });
  const QPoint middle = canvas->rect().center();
  std::jthread hand([&] { type(stop, trace, canvas, middle); });
  const int code = QApplication::exec();
  stop = true;
  hand.join();
  const double seconds = static_cast<double>(wall.elapsed()) / 1000.0;
  std::printf("%lld chains x %lld points in %.1f s, 8 pictures, 1600 x 1000, %u cores, platform %s\n",
              static_cast<long long>(load.chains), static_cast<long long>(load.points), seconds,
              std::thread::hardware_concurrency(), qPrintable(QGuiApplication::platformName()));
  report("frame, work (goal p99 <= 33)", work);
  report("frame, start to start", interval);
  report("input to handled (goal p99 <= 50)", app.latencies);
  std::printf("frames/s %.1f  points thinned on the way %lld  resident %.0f -> %.0f MiB\n",
              static_cast<double>(work.size()) / seconds,
              static_cast<long long>(bridge.thinned()), before, residentMiB());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  Bench app(argc, argv);
  std::setlocale(LC_NUMERIC, "C");
  QApplication::setStyle(QStringLiteral("Fusion"));
  const QStringList arguments = QApplication::arguments();
  Load load;
  if (arguments.size() > 1) load.points = arguments[1].toLongLong();
  if (arguments.size() > 2) load.seconds = arguments[2].toDouble();
  if (arguments.size() > 3) load.chains = arguments[3].toLongLong();
  if (load.points < 1 || load.seconds <= 0 || load.chains < samplers) {
    std::fprintf(stderr, "gui_frames: points, seconds and chains must be positive, chains >= 4\n");
    return 64;
  }
  return measure(app, load);
}
