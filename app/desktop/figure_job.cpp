// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/figure_job.h"

#include <QDir>
#include <QFileInfo>
#include <QTimer>

#include "core/base/error.h"

namespace ergo {
namespace {

const QStringList& formats() {
  static const QStringList list{"pdf", "svg", "png"};
  return list;
}

}  // namespace

FigureSpec defaultSpec(const Plot& plot) {
  FigureSpec spec;
  // A copy: what lies behind a tab has not been drawn.
  if (plot.clone()->isWide()) {
    spec.widthMm = 183;
    spec.heightMm = 55;
    spec.fontPt = 7;
  }
  return spec;
}

FigureJob::FigureJob(PlotBoard* board, QObject* parent) : QObject(parent), m_board(board) {}

std::vector<const Plot*> FigureJob::pictures() const {
  std::vector<const Plot*> list;
  for (const PlotBoard::Item& item : m_board->items())
    if (item.plot->csv().count(QLatin1Char('\n')) > 1)  // a header alone: nothing to show
      list.push_back(item.plot);
  return list;
}

QString FigureJob::base(const Plot& plot) const {
  return QDir(m_folder).filePath(plot.objectName());
}

QStringList FigureJob::existing(const QString& folder) const {
  QStringList list;
  for (const Plot* plot : pictures())
    for (const QString& file : Figure::files(QDir(folder).filePath(plot->objectName()), formats()))
      if (QFileInfo::exists(file)) list << file;
  list.sort();
  return list;
}

void FigureJob::start(const QString& folder, bool replace) {
  if (m_busy) return;
  m_busy = true;
  m_folder = folder;
  m_plots = pictures();
  m_figure.reset();
  m_done = 0;
  m_rendered = m_written = m_code = 0;
  m_problems.clear();
  constexpr int refused = static_cast<int>(ExitCode::cannot_create);
  if (const QStringList files = existing(folder); !replace && !files.isEmpty())
    return end(refused, tr("No figure is written, because these files exist: %1.")
                            .arg(files.join(QStringLiteral(", "))));
  if (!QDir().mkpath(folder))
    return end(refused, tr("The folder '%1' cannot be created.").arg(folder));
  next();
}

void FigureJob::next() {
  if (m_done == m_plots.size()) {
    const QString written = tr("%n figure file(s) written.", nullptr, m_written);
    return end(m_code, (m_problems << written).join(u' '));
  }
  try {
    advance();
  } catch (const Error& error) {
    if (m_code == 0) m_code = static_cast<int>(error.code());
    m_problems << QString::fromStdString(error.what());
    m_figure.reset();
    m_rendered = 0;
    ++m_done;
  }
  QTimer::singleShot(0, this, &FigureJob::next);
}

/// One step of the figure whose turn it is: one picture, or the writing of all its files.
void FigureJob::advance() {
  const Plot& plot = *m_plots[m_done];
  if (!m_figure) m_figure = std::make_unique<Figure>(plot, base(plot), defaultSpec(plot));
  if (m_rendered < formats().size()) return m_figure->render(formats()[m_rendered++]);
  m_figure->write();
  m_written += static_cast<int>(Figure::files(base(plot), formats()).size());
  m_figure.reset();
  m_rendered = 0;
  ++m_done;
}

void FigureJob::end(int exitCode, const QString& sentence) {
  m_busy = false;
  Q_EMIT finished(exitCode, sentence);
}

}  // namespace ergo
