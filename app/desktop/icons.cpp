// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/icons.h"

#include <QPainter>
#include <QPainterPath>
#include <QPixmap>

#include "widgets/theme.h"

namespace ergo {
namespace {

QPainterPath outline(Glyph glyph) {  // in a square of 24
  QPainterPath path;
  const auto triangle = [&path](double left, double right) {
    path.addPolygon(QPolygonF{{left, 5}, {right, 12}, {left, 19}, {left, 5}});
  };
  switch (glyph) {
    case Glyph::play:
      triangle(7, 19);
      break;
    case Glyph::pause:
      path.addRect(6, 5, 4, 14);
      path.addRect(14, 5, 4, 14);
      break;
    case Glyph::step:
      triangle(5, 14);
      path.addRect(16, 5, 3, 14);
      break;
    case Glyph::stop:
      path.addRect(6, 6, 12, 12);
      break;
  }
  return path;
}

QPixmap drawn(Glyph glyph, QColor colour, int size) {
  QPixmap pixmap(size, size);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.scale(size / 24.0, size / 24.0);
  painter.fillPath(outline(glyph), colour);
  return pixmap;
}

QPixmap drawnApplication(int size) {
  QPixmap pixmap(size, size);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.scale(size / 64.0, size / 64.0);
  painter.setPen(Qt::NoPen);
  painter.setBrush(QColor(0x16, 0x20, 0x2b));
  painter.drawRoundedRect(QRectF(2, 2, 60, 60), 12, 12);
  const QColor colour = Theme::night().accent();
  QPainterPath band(QPointF(8, 40));
  band.cubicTo(22, 8, 36, 30, 56, 8);
  band.lineTo(56, 40);
  band.cubicTo(36, 46, 22, 34, 8, 50);
  band.closeSubpath();
  QColor pale = colour;
  pale.setAlphaF(0.4F);
  painter.fillPath(band, pale);
  QPainterPath mean(QPointF(8, 45));
  mean.cubicTo(22, 22, 36, 38, 56, 24);
  painter.strokePath(mean, QPen(colour, 4, Qt::SolidLine, Qt::RoundCap));
  painter.setBrush(Qt::white);
  for (const QPointF point : {QPointF(17, 33), QPointF(32, 33), QPointF(46, 30)})
    painter.drawEllipse(point, 3.2, 3.2);
  return pixmap;
}

}  // namespace

QIcon transportIcon(Glyph glyph, const QColor& colour) {
  QColor faint = colour;
  faint.setAlphaF(0.35F);
  QIcon icon;
  for (int size : {16, 24, 32, 48}) {
    icon.addPixmap(drawn(glyph, colour, size), QIcon::Normal);
    icon.addPixmap(drawn(glyph, faint, size), QIcon::Disabled);
  }
  return icon;
}

QIcon applicationIcon() {
  QIcon icon;
  for (int size : {16, 32, 48, 64, 128, 256}) icon.addPixmap(drawnApplication(size));
  return icon;
}

}  // namespace ergo
