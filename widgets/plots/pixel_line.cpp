// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/pixel_line.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace ergo {
namespace {

/// Neighbouring points of one pixel column.
struct Column {
  QPoint last;
  int low = 0, high = 0, points = 0;

  explicit Column(QPoint first) : last(first), low(first.y()), high(first.y()), points(1) {}
  void add(QPoint point) {
    last = point;
    low = std::min(low, point.y());
    high = std::max(high, point.y());
    ++points;
  }
  void drawTo(QVector<QLine>& list) const {
    if (points > 1) list.append(QLine(last.x(), low, last.x(), high));
  }
};

}  // namespace

QVector<QLine> PixelLine::strokes(const QVector<QPointF>& points) {
  QVector<QLine> list;
  list.reserve(points.size());
  std::optional<Column> column;
  for (const QPointF& exact : points) {
    if (std::isnan(exact.x()) || std::isnan(exact.y())) {
      if (column) column->drawTo(list);
      column.reset();
      continue;
    }
    const QPoint point = exact.toPoint();
    if (column && point.x() == column->last.x()) {
      column->add(point);
      continue;
    }
    if (column) {
      column->drawTo(list);
      list.append(QLine(column->last, point));
    }
    column = Column(point);
  }
  if (column) column->drawTo(list);
  return list;
}

void PixelLine::drawLinePlot(QCPPainter* painter, const QVector<QPointF>& lines) const {
  applyDefaultAntialiasingHint(painter);
  const bool paper = painter->modes().testFlag(QCPPainter::pmVectorized) ||
                     painter->modes().testFlag(QCPPainter::pmNoCaching);
  QPen pen = painter->pen();
  if (paper || painter->antialiasing() || pen.style() != Qt::SolidLine || pen.widthF() > 1.0) {
    QCPGraph::drawLinePlot(painter, lines);
    return;
  }
  pen.setWidth(0);  // one pixel of the device, as QCPGraph draws such pens
  painter->setPen(pen);
  painter->drawLines(strokes(lines));
}

}  // namespace ergo
