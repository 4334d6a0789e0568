// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_interaction.h"

#include <qcustomplot.h>

#include <QKeyEvent>

#include "widgets/plots/live_plot.h"

namespace ergo {
namespace {

QCPItemLine* cursorLine(QCustomPlot* canvas, QCPLayer* layer) {
  auto* line = new QCPItemLine(canvas);
  line->start->setType(QCPItemPosition::ptAbsolute);
  line->end->setType(QCPItemPosition::ptAbsolute);
  line->setClipToAxisRect(false);
  line->setSelectable(false);
  line->setLayer(layer);
  line->setVisible(false);
  return line;
}

}  // namespace

PlotInteraction::PlotInteraction(QCustomPlot* canvas, LivePlot* plot)
    : QObject(plot), m_canvas(canvas), m_plot(plot) {
  m_canvas->setInteractions(QCP::iRangeZoom);
  // The canvas' own buffered layer: one more would be one more picture to clear and to blend.
  m_layer = m_canvas->layer(QStringLiteral("overlay"));
  m_across = cursorLine(m_canvas, m_layer);
  m_down = cursorLine(m_canvas, m_layer);
  m_text = new QCPItemText(m_canvas);
  m_text->position->setType(QCPItemPosition::ptAbsolute);
  m_text->setClipToAxisRect(false);
  m_text->setSelectable(false);
  m_text->setLayer(m_layer);
  m_text->setVisible(false);
  m_text->setTextAlignment(Qt::AlignLeft);
  m_text->setPadding(QMargins(4, 2, 4, 2));
  connect(m_canvas, &QCustomPlot::mouseWheel, this, &PlotInteraction::wheel);
  connect(m_canvas, &QCustomPlot::mousePress, this, &PlotInteraction::press);
  connect(m_canvas, &QCustomPlot::mouseMove, this, &PlotInteraction::move);
  connect(m_canvas, &QCustomPlot::mouseRelease, this, &PlotInteraction::release);
  connect(m_canvas, &QCustomPlot::mouseDoubleClick, this, &PlotInteraction::doubleClick);
  connect(m_canvas, &QCustomPlot::afterLayout, this, &PlotInteraction::placeCursor);
  m_canvas->installEventFilter(this);
}

bool PlotInteraction::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Leave) hideCursor();
  return QObject::eventFilter(watched, event);
}

void PlotInteraction::restyle(const Theme& theme) {
  const QPen pen(theme.muted, 0);
  m_across->setPen(pen);
  m_down->setPen(pen);
  m_text->setFont(theme.font);
  m_text->setColor(theme.text);
  m_text->setPen(QPen(theme.grid, 0));
  m_text->setBrush(theme.background);
  m_canvas->selectionRect()->setPen(QPen(theme.muted, 0, Qt::DashLine));
  m_canvas->selectionRect()->setBrush(
      QColor(theme.muted.red(), theme.muted.green(), theme.muted.blue(), 40));
}

void PlotInteraction::forgetPanels() {
  m_panned = nullptr;
  m_canvas->selectionRect()->cancel();
}

QCPAxisRect* PlotInteraction::rectAt(QPoint position) const {
  for (QCPAxisRect* rect : m_canvas->axisRects()) {
    const bool ours = rect->axis(QCPAxis::atLeft) && rect->axis(QCPAxis::atBottom);
    if (ours && rect->outerRect().contains(position)) return rect;
  }
  return nullptr;
}

// QCustomPlot zooms right after this signal; here only which axes.
void PlotInteraction::wheel(QWheelEvent* event) {
  const QPoint at = event->position().toPoint();
  QCPAxisRect* rect = rectAt(at);
  if (!rect) return;
  const bool beside = at.x() < rect->left() || at.x() > rect->right();
  const bool below = at.y() < rect->top() || at.y() > rect->bottom();
  Qt::Orientations axes = Qt::Horizontal | Qt::Vertical;
  if (below && !beside) axes = Qt::Horizontal;
  if (beside && !below) axes = Qt::Vertical;
  rect->setRangeZoom(axes);
  rect->setRangeZoomFactor(event->modifiers().testFlag(Qt::ControlModifier) ? 0.96 : 0.85);
}

void PlotInteraction::press(QMouseEvent* event) {
  QCPAxisRect* rect = rectAt(event->pos());
  const bool left = event->button() == Qt::LeftButton;
  const bool pans = event->button() == Qt::MiddleButton ||
                    (left && event->modifiers().testFlag(Qt::ControlModifier));
  m_canvas->setSelectionRectMode(left && !pans && rect ? QCP::srmZoom : QCP::srmNone);
  if (left && rect) rect->setRangeZoom(Qt::Horizontal | Qt::Vertical);
  m_panned = pans ? rect : nullptr;
  m_last = event->pos();
}

void PlotInteraction::move(QMouseEvent* event) {
  if (m_panned) {
    pan(m_panned, m_last, event->pos());
    m_last = event->pos();
    m_canvas->replot(QCustomPlot::rpQueuedReplot);
  }
  moveCursor(event->pos());
}

void PlotInteraction::release() { m_panned = nullptr; }

void PlotInteraction::doubleClick() { m_plot->fit(); }

void PlotInteraction::pan(QCPAxisRect* rect, QPoint from, QPoint to) {
  for (const auto side : {QCPAxis::atBottom, QCPAxis::atLeft}) {
    QCPAxis* axis = rect->axis(side);
    const bool across = side == QCPAxis::atBottom;
    const double a = axis->pixelToCoord(across ? from.x() : from.y());
    const double b = axis->pixelToCoord(across ? to.x() : to.y());
    if (axis->scaleType() == QCPAxis::stLinear) {
      axis->moveRange(a - b);
    } else {
      axis->setRange(axis->range().lower * a / b, axis->range().upper * a / b);
    }
  }
}

void PlotInteraction::zoom(double factor) {
  for (QCPAxisRect* rect : m_canvas->axisRects()) {
    QCPAxis* x = rect->axis(QCPAxis::atBottom);
    QCPAxis* y = rect->axis(QCPAxis::atLeft);
    if (!x || !y) continue;
    x->scaleRange(factor, x->pixelToCoord(rect->center().x()));
    y->scaleRange(factor, y->pixelToCoord(rect->center().y()));
    if (m_plot->linksPanels()) break;  // the others follow
  }
}

bool PlotInteraction::key(QKeyEvent* event) {
  const QList<QCPAxisRect*> rects = m_canvas->axisRects();
  if (rects.isEmpty()) return false;
  const QSize step = rects.first()->rect().size() / 8;
  switch (event->key()) {
    case Qt::Key_Home:
      m_plot->fit();
      return true;
    case Qt::Key_Escape:
      m_canvas->selectionRect()->cancel();
      break;
    case Qt::Key_Plus:
      zoom(0.85);
      break;
    case Qt::Key_Minus:
      zoom(1 / 0.85);
      break;
    case Qt::Key_Left:
      pan(rects.first(), {}, {step.width(), 0});
      break;
    case Qt::Key_Right:
      pan(rects.first(), {}, {-step.width(), 0});
      break;
    case Qt::Key_Up:
      pan(rects.first(), {}, {0, step.height()});
      break;
    case Qt::Key_Down:
      pan(rects.first(), {}, {0, -step.height()});
      break;
    default:
      return false;
  }
  m_canvas->replot(QCustomPlot::rpQueuedReplot);
  return true;
}

void PlotInteraction::moveCursor(QPoint position) {
  m_cursor = position;
  QCPAxisRect* rect = rectAt(position);
  if (!rect || !rect->rect().contains(position)) return hideCursor();
  showCursor(true);
  placeCursor();
  m_layer->replot();
}

void PlotInteraction::showCursor(bool shown) {
  for (QCPLayerable* part : std::initializer_list<QCPLayerable*>{m_across, m_down, m_text})
    part->setVisible(shown);
}

/// The values under the cursor, which change with the ranges and the data while it rests.
void PlotInteraction::placeCursor() {
  if (!showsCursor()) return;
  const QPoint at = m_cursor;
  QCPAxisRect* rect = rectAt(at);
  if (!rect || !rect->rect().contains(at)) return showCursor(false);
  m_across->start->setCoords(rect->left(), at.y());
  m_across->end->setCoords(rect->right(), at.y());
  m_down->start->setCoords(at.x(), rect->top());
  m_down->end->setCoords(at.x(), rect->bottom());
  m_text->setText(m_plot->readout(rect, rect->axis(QCPAxis::atBottom)->pixelToCoord(at.x()),
                                  rect->axis(QCPAxis::atLeft)->pixelToCoord(at.y())));
  // Away from the nearer edges, so that the text stays inside.
  const bool right = at.x() > rect->center().x(), low = at.y() > rect->center().y();
  m_text->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) |
                               (low ? Qt::AlignBottom : Qt::AlignTop));
  m_text->position->setCoords(at.x() + (right ? -8 : 8), at.y() + (low ? -8 : 8));
}

bool PlotInteraction::showsCursor() const { return m_text->visible(); }

void PlotInteraction::hideCursor() {
  if (!showsCursor()) return;
  showCursor(false);
  m_layer->replot();
}

}  // namespace ergo
