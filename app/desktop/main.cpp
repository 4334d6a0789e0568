// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QSettings>
#include <QTimer>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "app/desktop/main_window.h"
#include "app/desktop/options.h"
#include "app/desktop/signal_guard.h"
#include "app/desktop/unattended.h"
#include "core/base/error.h"

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
  if (type == QtFatalMsg) std::_Exit(static_cast<int>(ergo::ExitCode::internal));
}

bool hasDisplay() {
  return !qEnvironmentVariableIsEmpty("DISPLAY") ||
         !qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY") ||
         !qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM");
}

int runWindow(int argc, char** argv, const ergo::Options& options) {
  QApplication app(argc, argv);
  std::setlocale(LC_NUMERIC, "C");  // QApplication has set the user's: files must keep '.'
  QApplication::setStyle(QStringLiteral("Fusion"));
  QApplication::setDesktopFileName(QStringLiteral("org.ergoscope.Ergoscope"));
  QApplication::setQuitOnLastWindowClosed(false);  // the window says when all is saved
  QSettings::setDefaultFormat(QSettings::IniFormat);
  ergo::Services services = ergo::Services::real();
  services.remember = services.remember && !options.headless;
  services.quiet = options.headless;
  ergo::MainWindow window(services);
  if (!options.theme.isEmpty()) window.setTheme(options.theme);
  if (options.size.isValid()) window.resize(options.size);
  ergo::Unattended driver(options, &window);
  ergo::SignalGuard signalGuard;
  QObject::connect(&signalGuard, &ergo::SignalGuard::interrupted, &driver,
                   &ergo::Unattended::interrupt);
  QObject::connect(
      &window, &ergo::MainWindow::closed, &app,
      [&driver] { QApplication::exit(driver.exitCode()); }, Qt::QueuedConnection);
  window.show();
  QTimer::singleShot(0, &driver, &ergo::Unattended::start);
  return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
  nameProgram();
  qInstallMessageHandler(endWithStatus);
  ergo::Options options;
  try {
    const QCoreApplication early(argc, argv);  // reads options without any display
    options = ergo::parseOptions(QCoreApplication::arguments());
  } catch (const ergo::Error& error) {
    std::fprintf(stderr, "ergoscope: %s\n", error.what());
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
    return static_cast<int>(ergo::ExitCode::internal);
  }
  return runWindow(argc, argv, options);
}
