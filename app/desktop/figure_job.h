// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QStringList>
#include <vector>

#include "app/desktop/plot_board.h"
#include "widgets/export/figure_export.h"

namespace ergo {

/// Writes every picture that holds numbers as PDF, SVG and PNG with CSV, one file per turn of the
/// event loop, so that the window stays alive. GUI thread (QCustomPlot allows no other).
class FigureJob : public QObject {
  Q_OBJECT
 public:
  explicit FigureJob(PlotBoard* board, QObject* parent = nullptr);
  bool isBusy() const { return m_busy; }
  void start(const QString& folder);  ///< made when missing; ignored while busy

 Q_SIGNALS:
  void finished(int exitCode, const QString& sentence);  ///< 0: sentence says what was written

 private:
  void next();
  void end(int exitCode, const QString& sentence);
  struct Task {
    const Plot* plot;
    QString path;
  };
  PlotBoard* m_board;
  std::vector<Task> m_tasks;
  std::size_t m_done = 0;
  bool m_busy = false;
};

/// The size a picture is written at unless the user says otherwise: one journal column for one
/// panel, two for several.
FigureSpec defaultSpec(const Plot& plot);

}  // namespace ergo
