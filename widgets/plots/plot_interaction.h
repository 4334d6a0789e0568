// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QPoint>
#include <QPointer>

class QKeyEvent;
class QMouseEvent;
class QWheelEvent;
class QCPAxisRect;
class QCPItemLine;
class QCPItemText;
class QCPLayer;
class QCustomPlot;

namespace ergo {

class LivePlot;
struct Theme;

/// Mouse and keys of a plot: wheel zooms at the cursor (over an axis: that axis only), left drag
/// zooms into a box, middle drag or Ctrl and left drag pan, arrows pan, + and - zoom, Escape
/// drops the box, double click fits. The cursor lies on a buffered layer, so moving it does not
/// draw the data again.
class PlotInteraction : public QObject {
  Q_OBJECT
 public:
  PlotInteraction(QCustomPlot* canvas, LivePlot* plot);

  /// @return whether the key meant something.
  bool key(QKeyEvent* event);
  void restyle(const Theme& theme);
  /// Before the panels are thrown away.
  void forgetPanels();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void wheel(QWheelEvent* event);
  void press(QMouseEvent* event);
  void move(QMouseEvent* event);
  void release();
  void doubleClick();
  void pan(QCPAxisRect* rect, QPoint from, QPoint to);
  void zoom(double factor);
  void moveCursor(QPoint position);
  void placeCursor();
  void showCursor(bool shown);
  void hideCursor();
  bool showsCursor() const;
  QCPAxisRect* rectAt(QPoint position) const;

  QCustomPlot* m_canvas;
  LivePlot* m_plot;
  QCPLayer* m_layer = nullptr;
  QCPItemLine *m_across = nullptr, *m_down = nullptr;
  QCPItemText* m_text = nullptr;
  QPointer<QCPAxisRect> m_panned;
  QPoint m_last, m_cursor;
};

}  // namespace ergo
