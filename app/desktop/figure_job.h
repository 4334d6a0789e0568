// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QStringList>
#include <memory>
#include <vector>

#include "app/desktop/plot_board.h"
#include "widgets/export/figure_export.h"

namespace ergo {

/// Writes every picture that holds numbers as PDF, SVG and PNG with its numbers and record, one
/// step per turn of the event loop, so that the window stays alive. A figure is frozen when its
/// turn comes, and written whole or not at all; one that fails does not keep the others from being
/// written. GUI thread (QCustomPlot allows no other).
class FigureJob : public QObject {
  Q_OBJECT
 public:
  explicit FigureJob(PlotBoard* board, QObject* parent = nullptr);
  bool isBusy() const { return m_busy; }
  /// The files that start() would replace, sorted.
  QStringList existing(const QString& folder) const;
  /// The folder is made when missing. Without `replace`, nothing happens where a file exists.
  /// Ignored while busy.
  void start(const QString& folder, bool replace);

 Q_SIGNALS:
  /// 0: the sentence says what was written; else what was not, file by file.
  void finished(int exitCode, const QString& sentence);

 private:
  void next();
  void advance();
  void end(int exitCode, const QString& sentence);
  QString base(const Plot& plot) const;
  std::vector<const Plot*> pictures() const;

  PlotBoard* m_board;
  QString m_folder;
  std::vector<const Plot*> m_plots;
  std::unique_ptr<Figure> m_figure;  ///< of the plot whose turn it is
  std::size_t m_done = 0;
  int m_rendered = 0, m_written = 0, m_code = 0;
  QStringList m_problems;
  bool m_busy = false;
};

/// The size a picture is written at unless the user says otherwise: one journal column for one
/// panel, two for several.
FigureSpec defaultSpec(const Plot& plot);

}  // namespace ergo
