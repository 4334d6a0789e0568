// SPDX-License-Identifier: GPL-3.0-or-later
// How long does the window keep its user waiting while a comparison runs? A timer of 10 ms in the
// window's thread notes the time between its ticks during a whole run of a preset in the real
// window. Usage: gui_gap [preset] [gradient evaluations]. Prints one line.
#include <QApplication>
#include <QElapsedTimer>
#include <QStandardPaths>
#include <QTimer>
#include <algorithm>
#include <clocale>
#include <cstdio>
#include <vector>

#include "app/desktop/main_window.h"
#include "core/base/error.h"

namespace {

double percentile(std::vector<double> sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void report(std::vector<double> gaps) {
  if (gaps.empty()) return;
  std::sort(gaps.begin(), gaps.end());
  std::printf("ticks %zu  median %.1f ms  p99 %.1f ms  max %.1f ms\n", gaps.size(),
              percentile(gaps, 0.5), percentile(gaps, 0.99), gaps.back());
}

int measure(QApplication& app, const QString& preset, const QString& evaluations) {
  ergo::Services services = ergo::Services::real();
  services.remember = false;
  services.quiet = true;
  ergo::MainWindow window(services);
  window.show();
  if (!window.openPreset(preset)) return 64;
  if (!evaluations.isEmpty())
    window.document()->edit(QStringLiteral("gradient_evaluations"), evaluations);
  std::vector<double> gaps;
  QElapsedTimer since;
  QTimer tick;
  tick.setTimerType(Qt::PreciseTimer);
  tick.setInterval(10);
  QObject::connect(&tick, &QTimer::timeout, [&] {
    gaps.push_back(static_cast<double>(since.nsecsElapsed()) * 1e-6);
    since.restart();
  });
  QObject::connect(window.runs(), &ergo::RunController::ended, &app, &QApplication::quit);
  QTimer::singleShot(500, &app, [&] {  // the first layout of the window is not what is measured
    since.start();
    tick.start();
    window.startRun();
  });
  const int code = QApplication::exec();
  report(gaps);
  return window.runs()->result() ? code : 70;
}

}  // namespace

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  std::setlocale(LC_NUMERIC, "C");
  QApplication::setStyle(QStringLiteral("Fusion"));
  QStandardPaths::setTestModeEnabled(true);
  const QStringList arguments = QApplication::arguments();
  try {
    return measure(app, arguments.value(1, QStringLiteral("toy-foong")), arguments.value(2));
  } catch (const ergo::Error& error) {
    std::fprintf(stderr, "gui_gap: %s\n", error.what());
    return static_cast<int>(error.code());
  }
}
