// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/program.h"

#include <QApplication>
#include <QSettings>
#include <QTimer>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "app/desktop/options.h"
#include "app/desktop/signal_guard.h"
#include "app/desktop/unattended.h"
#include "core/base/error.h"
#include "core/base/printable.h"

namespace ergo {
namespace {

void nameProgram() {
  QCoreApplication::setOrganizationName(QStringLiteral("ergoscope"));
  QCoreApplication::setApplicationName(QStringLiteral("ergoscope"));
  QCoreApplication::setApplicationVersion(QStringLiteral(ERGO_VERSION));
}

/// Qt aborts where it finds no display; a program should say so and return a status instead.
void endWithStatus(QtMsgType type, const QMessageLogContext&, const QString& message) {
  if (type != QtCriticalMsg && type != QtFatalMsg) return;  // Qt's chatter about its plugins
  std::fprintf(stderr, "ergoscope: %s\n", qPrintable(message));
  if (type == QtFatalMsg) std::_Exit(static_cast<int>(ExitCode::internal));
}

bool hasDisplay() {
  return !qEnvironmentVariableIsEmpty("DISPLAY") ||
         !qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY") ||
         !qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM");
}

int runWindow(int argc, char** argv, const Options& options,
              const std::function<void(MainWindow&)>& watch) {
  QApplication app(argc, argv);
  std::setlocale(LC_NUMERIC, "C");  // QApplication has set the user's: files must keep '.'
  QApplication::setStyle(QStringLiteral("Fusion"));
  QApplication::setDesktopFileName(QStringLiteral("org.ergoscope.Ergoscope"));
  QApplication::setQuitOnLastWindowClosed(false);  // the window says when all is saved
  QSettings::setDefaultFormat(QSettings::IniFormat);
  Services services = Services::real();
  services.remember = services.remember && !options.headless;
  services.quiet = options.headless;
  MainWindow window(services);
  if (!options.theme.isEmpty()) window.setTheme(options.theme);
  if (options.size.isValid()) window.resize(options.size);
  Unattended driver(options, &window);
  SignalGuard signalGuard;
  QObject::connect(&signalGuard, &SignalGuard::interrupted, &driver, &Unattended::interrupt);
  QObject::connect(
      &window, &MainWindow::closed, &app, [&driver] { QApplication::exit(driver.exitCode()); },
      Qt::QueuedConnection);
  if (watch) watch(window);
  window.show();
  QTimer::singleShot(0, &driver, &Unattended::start);
  return QApplication::exec();
}

}  // namespace

int runProgram(int argc, char** argv, const std::function<void(MainWindow&)>& watch) {
  nameProgram();
  qInstallMessageHandler(endWithStatus);
  Options options;
  try {
    const QCoreApplication early(argc, argv);  // reads options without any display
    options = parseOptions(QCoreApplication::arguments());
  } catch (const Error& error) {
    std::fprintf(stderr, "ergoscope: %s\n", printable(error.what()).c_str());
    return static_cast<int>(error.code());
  }
  if (!options.printAndExit.isEmpty()) {
    std::fputs(qPrintable(options.printAndExit), stdout);
    return 0;
  }
  if (options.headless) qputenv("QT_QPA_PLATFORM", "offscreen");
  if (!hasDisplay()) {
    std::fputs(
        "ergoscope: No display was found: neither DISPLAY nor WAYLAND_DISPLAY is set; use "
        "--headless.\n",
        stderr);
    return static_cast<int>(ExitCode::internal);
  }
  return runWindow(argc, argv, options, watch);
}

}  // namespace ergo
