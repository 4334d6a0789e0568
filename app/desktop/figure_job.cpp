// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/figure_job.h"

#include <qcustomplot.h>

#include <QDir>
#include <QTimer>

#include "core/base/error.h"

namespace ergo {

FigureSpec defaultSpec(const Plot& plot) {
  FigureSpec spec;
  int axes = 0;
  for (const QCustomPlot* panel : plot.panels()) axes += panel->axisRectCount();
  if (axes > 1) {
    spec.widthMm = 183;
    spec.heightMm = 55;
    spec.fontPt = 7;
  }
  return spec;
}

FigureJob::FigureJob(PlotBoard* board, QObject* parent) : QObject(parent), m_board(board) {}

void FigureJob::start(const QString& folder) {
  if (m_busy) return;
  m_busy = true;
  m_done = 0;
  m_tasks.clear();
  if (!QDir().mkpath(folder))
    return end(static_cast<int>(ExitCode::cannot_create),
               tr("The folder '%1' cannot be created.").arg(folder));
  for (const PlotBoard::Item& item : m_board->items()) {
    if (item.plot->csv().count(QLatin1Char('\n')) < 2) continue;  // a header alone: nothing to show
    for (const char* suffix : {"pdf", "svg", "png"})
      m_tasks.push_back(
          {item.plot, QStringLiteral("%1/%2.%3")
                          .arg(folder, QLatin1String(item.entry->id), QLatin1String(suffix))});
  }
  next();
}

void FigureJob::next() {
  if (m_done == m_tasks.size())
    return end(0, tr("%n figure file(s) written.", nullptr, static_cast<int>(m_tasks.size())));
  const Task& task = m_tasks[m_done++];
  try {
    exportFigure(*task.plot, task.path, defaultSpec(*task.plot));
  } catch (const Error& error) {
    return end(static_cast<int>(error.code()), QString::fromStdString(error.what()));
  }
  QTimer::singleShot(0, this, &FigureJob::next);
}

void FigureJob::end(int exitCode, const QString& sentence) {
  m_busy = false;
  Q_EMIT finished(exitCode, sentence);
}

}  // namespace ergo
