// SPDX-License-Identifier: GPL-3.0-or-later
// How smooth is a window of eight pictures while sixteen chains stream into it? A thread feeds
// events at a steady rate through the real bridge, queue, frame clock and plot board; another one
// posts wheel, mouse and key events. Prints figures, never passes or fails by them.
// Usage: gui_frames [--json FILE] [points per chain, 1000000] [seconds, 20] [chains, 16]
#include <time.h>
#include <unistd.h>

#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QGridLayout>
#include <QKeyEvent>
#include <QPointingDevice>
#include <QWheelEvent>
#include <atomic>
#include <chrono>
#include <clocale>
#include <cstdio>
#include <fstream>
#include <thread>

#include "app/desktop/frame_clock.h"
#include "app/desktop/plot_board.h"
#include "app/desktop/run_bridge.h"
#include "core/io/atomic_file.h"
#include "tests/bench/figures.h"
#include "tests/bench/gui_load.h"
#include "tests/bench/table.h"
#include "widgets/plots/live_plot.h"  // brings QCustomPlot

using namespace ergo;
using bench::Figures;
using bench::Load;

namespace {

double milliseconds() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

/// CPU time of the calling thread.
double cpuMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

double residentMiB() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1048576.0;
}

/// Prints the distribution of `values` and adds its median and p99 to `figures`.
void report(Figures& figures, const std::string& name, const char* words,
            const std::vector<double>& values) {
  if (values.empty()) return;
  const auto at = [&values](double share) { return bench::quantile(values, share); };
  std::printf("%-36s n %6zu  p50 %6.1f  p99 %6.1f  max %6.1f ms\n", words, values.size(), at(0.5),
              at(0.99), at(1.0));
  figures[name + "_p50_ms"] = at(0.5);
  figures[name + "_p99_ms"] = at(0.99);
}

/// Times of frames in milliseconds. A frame is the work of one tick of the clock and the painting
/// that follows it. `cpu` is what the window's thread computed of it: the rest it waited for a
/// core.
struct FrameLog {
  std::vector<double> frame, cpu, interval;

  void begin() {
    const double now = milliseconds();
    if (m_began > 0) {
      interval.push_back(now - m_began);
      frame.push_back(m_spent);
      cpu.push_back(m_cpu);
    }
    m_began = now;
    m_spent = m_cpu = 0;
  }
  template <class Work>
  bool time(const Work& work) {
    const double begin = milliseconds(), cpuBegin = cpuMilliseconds();
    const bool result = work();
    m_spent += milliseconds() - begin;
    m_cpu += cpuMilliseconds() - cpuBegin;
    return result;
  }

 private:
  double m_spent = 0, m_cpu = 0, m_began = 0;
};

/// Notes how long painting takes, and how long a posted input event waits and is handled.
class Bench : public QApplication {
 public:
  using QApplication::QApplication;
  bool notify(QObject* receiver, QEvent* event) override {
    const double posted = event->spontaneous() ? 0.0 : stampOf(event);
    const auto handle = [&] { return QApplication::notify(receiver, event); };
    const bool paints = event->type() == QEvent::UpdateRequest;  // one for a whole window
    const bool handled = paints ? frames.time(handle) : handle();
    if (posted > 0) latencies.push_back(milliseconds() - posted);
    return handled;
  }
  FrameLog frames;
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

Figures figuresOf(const Bench& app, const Load& load, double seconds, std::int64_t thinned) {
  std::printf(
      "%lld chains x %lld points in %.1f s, 8 pictures, 1600 x 1000, %u cores, platform %s\n",
      static_cast<long long>(load.chains), static_cast<long long>(load.points), seconds,
      std::thread::hardware_concurrency(), qPrintable(QGuiApplication::platformName()));
  Figures figures;
  report(figures, "frame", "frame, work and painting (p99 <= 33)", app.frames.frame);
  report(figures, "frame_cpu", "the same, CPU time", app.frames.cpu);
  report(figures, "interval", "frame, start to start", app.frames.interval);
  report(figures, "input", "input to handled (p99 <= 50)", app.latencies);
  figures["frames_per_s"] = static_cast<double>(app.frames.frame.size()) / seconds;
  figures["points_thinned"] = static_cast<double>(thinned);
  std::printf("frames/s %.1f  points thinned on the way %.0f\n", figures["frames_per_s"],
              figures["points_thinned"]);
  return figures;
}

Figures measure(Bench& app, const Load& load) {
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
  FrameClock clock(
      [&] {
        app.frames.begin();
        return app.frames.time([&] {
          const bool events = bridge.drain();
          return board.refresh(FrameClock::budgetMs) || events;
        });
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
    bench::feed(load, run, sink, control);
  });
  const QPoint middle = canvas->rect().center();
  std::jthread hand([&] { type(stop, trace, canvas, middle); });
  QApplication::exec();
  stop = true;
  hand.join();
  std::printf("resident %.0f -> %.0f MiB\n", before, residentMiB());
  const double seconds = static_cast<double>(wall.elapsed()) / 1000.0;
  return figuresOf(app, load, seconds, bridge.thinned());
}

struct Options {
  Load load;
  QString json;
};

/// @throws Error{usage}
Options parse(const QStringList& arguments) {
  QCommandLineParser parser;
  parser.addOption(
      {QStringLiteral("json"), QStringLiteral("Writes the figures."), QStringLiteral("file")});
  const bool known = parser.parse(arguments);
  const QStringList numbers = parser.positionalArguments();
  Options options{{}, parser.value(QStringLiteral("json"))};
  bool points = true, seconds = true, chains = true;
  if (numbers.size() > 0) options.load.points = numbers[0].toLongLong(&points);
  if (numbers.size() > 1) options.load.seconds = numbers[1].toDouble(&seconds);
  if (numbers.size() > 2) options.load.chains = numbers[2].toLongLong(&chains);
  if (!known) throw Error(ExitCode::usage, parser.errorText().toStdString());
  if (!points || !seconds || !chains || options.load.points < 1 || !(options.load.seconds > 0) ||
      options.load.chains < Load::samplers)
    throw Error(
        ExitCode::usage,
        "points, seconds and chains must be numbers, points >= 1, seconds > 0, chains >= 4.");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  Bench app(argc, argv);
  std::setlocale(LC_NUMERIC, "C");
  QApplication::setStyle(QStringLiteral("Fusion"));
  try {
    const Options options = parse(QApplication::arguments());
    const Figures figures = measure(app, options.load);
    if (!options.json.isEmpty())
      io::write_file(options.json.toStdString(), bench::figures_json("gui_frames", {figures}));
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "gui_frames: %s\n", error.what());
    return static_cast<int>(error.code());
  }
}
