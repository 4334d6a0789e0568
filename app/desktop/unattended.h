// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <optional>

#include "app/desktop/main_window.h"
#include "app/desktop/options.h"
#include "core/io/result_folder.h"

namespace ergo {

/// Drives the window as the command line says: opens, starts, takes the picture, exports.
/// exitCode() is the program's, as contract.md counts them; messages go to standard error.
class Unattended : public QObject {
  Q_OBJECT
 public:
  Unattended(Options options, MainWindow* window);
  void start();                      ///< once the event loop runs
  void interrupt(int signalNumber);  ///< saves, closes the window: 130, after USR1 75
  int exitCode() const { return m_exitCode; }

 private:
  void prepare();
  void prepareBudgets();
  void prepareFiles();
  void startNext();
  void schedulePicture();
  void takePicture();
  void endRun();
  void exportResult();
  void endExport(int code, const QString& sentence);
  void complain(int code, const QString& sentence);
  void leave();
  Options m_options;
  MainWindow* m_window;
  std::optional<io::ResultFolder> m_folder;  ///< held from before the run to the last figure
  int m_exitCode = 0;
  bool m_started = false;
  QStringList m_budgets;  ///< of the runs to come; the last one is the preset's own
};

}  // namespace ergo
