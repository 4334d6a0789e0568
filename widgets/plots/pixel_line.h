// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <qcustomplot.h>

#include <QLine>
#include <QPointF>
#include <QVector>

namespace ergo {

/// A graph for lines of many points a pixel column. A thin line that is not antialiased colours
/// the same pixels when the segments inside one column become a single vertical stroke; that is
/// what this draws, in one call of the painter. Every other line is drawn as QCPGraph does.
class PixelLine : public QCPGraph {
 public:
  using QCPGraph::QCPGraph;

  /// The strokes for the pixel positions of a line: one per column that holds more than one
  /// neighbouring point, and the segments between columns. A point that is not a number pauses
  /// the line.
  static QVector<QLine> strokes(const QVector<QPointF>& points);

 protected:
  void drawLinePlot(QCPPainter* painter, const QVector<QPointF>& lines) const override;
};

}  // namespace ergo
