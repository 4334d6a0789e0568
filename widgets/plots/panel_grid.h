// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <qcustomplot.h>

#include <vector>

#include "widgets/theme.h"

namespace ergo {

/// Axis rects side by side in one QCustomPlot: titles above, one legend in a row of its own so
/// that it never lies on data, inner areas of equal size.
///
/// When the plot is too narrow for one row the panels wrap. Panels share both axes on request:
/// then inner panels have no tick labels, and zooming one zooms all.
class PanelGrid {
 public:
  struct Options {
    bool legend = true;
    bool shared_axes = false;
    bool square = false;       ///< inner areas with equal sides
    double min_width_em = 13;  ///< narrowest panel before wrapping, in font heights
  };

  explicit PanelGrid(QCustomPlot* plot) : m_plot(plot) {}

  /// Throws away what the plot shows and makes `count` empty panels.
  void reset(int count, const Options& options);
  /// Throws away what the plot shows and makes a single centred text.
  void showMessage(const QString& text, const Theme& theme);

  int count() const { return static_cast<int>(m_panels.size()); }
  QCPAxisRect* rect(int panel) const { return m_panels[static_cast<std::size_t>(panel)].rect; }
  QCPAxis* x(int panel) const { return rect(panel)->axis(QCPAxis::atBottom); }
  QCPAxis* y(int panel) const { return rect(panel)->axis(QCPAxis::atLeft); }
  QCPLegend* legend() const { return m_legend; }
  QCPLayoutGrid* root() const { return m_plot->plotLayout(); }
  int columns() const { return m_columns; }

  void setAxisLabels(const QString& x_label, const QString& y_label);
  /// Labels of one panel, where panels differ; the common ones are those at the edges.
  void setAxisLabels(int panel, const QString& x_label, const QString& y_label);
  /// Whether inner panels leave out their tick labels.
  void setSharedAxes(bool shared);
  void setTitle(int panel, const QString& text, const QColor& color, const Theme& theme);

  /// Columns, legend wrap, tick density and equal inner areas for the present size of the plot.
  void arrange(const Theme& theme);

 private:
  struct Panel {
    QCPAxisRect* rect = nullptr;
    QCPTextElement* title = nullptr;
    QString xLabel, yLabel;  ///< empty: the common one, at the edge
  };
  void clear();
  void addPanel();
  int columnsFor(int em) const;
  void placePanels(int columns);
  void labelAxes(int columns);
  void wrapLegend(const Theme& theme);
  void tickDensity(int em);
  void layOut();
  void balance();
  int titleOverhang(int width) const;
  void makeSquare();
  void alignTitles();

  QCustomPlot* m_plot;
  Options m_options;
  std::vector<Panel> m_panels;
  QCPLayoutGrid* m_grid = nullptr;
  QCPLegend* m_legend = nullptr;
  QString m_xLabel, m_yLabel;
  int m_columns = 0;
};

}  // namespace ergo
