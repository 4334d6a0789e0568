// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/export/clipping_device.h"

#include <QPaintEngine>
#include <QPainter>
#include <QPainterPath>
#include <array>
#include <cmath>
#include <functional>
#include <optional>

namespace ergo {
namespace {

constexpr double flattening = 8.0;  // curves at the edge become lines this much finer than a unit

/// The part of the segment from a to b inside `rect`, as shares of the way (Liang and Barsky 1984).
std::optional<std::pair<double, double>> insideShare(QPointF a, QPointF b, const QRectF& rect) {
  double from = 0, to = 1;
  const QPointF d = b - a;
  const std::array<std::pair<double, double>, 4> edges{{{-d.x(), a.x() - rect.left()},
                                                        {d.x(), rect.right() - a.x()},
                                                        {-d.y(), a.y() - rect.top()},
                                                        {d.y(), rect.bottom() - a.y()}}};
  for (const auto& [direction, room] : edges) {
    if (direction == 0) {
      if (room < 0) return std::nullopt;
      continue;
    }
    const double share = room / direction;
    (direction < 0 ? from : to) = direction < 0 ? std::max(from, share) : std::min(to, share);
  }
  if (from > to) return std::nullopt;
  return std::pair(from, to);
}

/// The pieces of a polyline that lie inside `rect`.
QVector<QPolygonF> clippedLine(const QPolygonF& line, const QRectF& rect) {
  QVector<QPolygonF> pieces;
  bool open = false;
  for (qsizetype i = 0; i + 1 < line.size(); ++i) {
    const QPointF a = line[i], b = line[i + 1];
    const auto share = insideShare(a, b, rect);
    if (!share) {
      open = false;
      continue;
    }
    if (!open) pieces.append(QPolygonF{a + share->first * (b - a)});
    pieces.last().append(share->second == 1 ? b : a + share->second * (b - a));
    open = share->second == 1;
  }
  return pieces;
}

/// One step of Sutherland and Hodgman (1974): what of the polygon lies where `depth` >= 0.
QPolygonF halfPlane(const QPolygonF& polygon, const std::function<double(QPointF)>& depth) {
  QPolygonF result;
  for (qsizetype i = 0; i < polygon.size(); ++i) {
    const QPointF a = polygon[i], b = polygon[(i + 1) % polygon.size()];
    const double da = depth(a), db = depth(b);
    if (da >= 0) result.append(a);
    if ((da < 0) != (db < 0)) result.append(a + da / (da - db) * (b - a));
  }
  return result;
}

QPolygonF clippedArea(const QPolygonF& polygon, const QRectF& r) {
  QPolygonF area = halfPlane(polygon, [&r](QPointF p) { return p.x() - r.left(); });
  area = halfPlane(area, [&r](QPointF p) { return r.right() - p.x(); });
  area = halfPlane(area, [&r](QPointF p) { return p.y() - r.top(); });
  return halfPlane(area, [&r](QPointF p) { return r.bottom() - p.y(); });
}

class ClippingEngine : public QPaintEngine {
 public:
  explicit ClippingEngine(QPaintDevice* target) : QPaintEngine(AllFeatures), m_target(target) {}
  Type type() const override { return User; }
  bool begin(QPaintDevice*) override { return m_painter.begin(m_target); }
  bool end() override { return m_painter.end(); }

  void updateState(const QPaintEngineState& now) override {
    const DirtyFlags dirty = now.state();
    if (dirty & DirtyPen) m_painter.setPen(now.pen());
    if (dirty & DirtyBrush) m_painter.setBrush(now.brush());
    if (dirty & DirtyBrushOrigin) m_painter.setBrushOrigin(now.brushOrigin());
    if (dirty & DirtyFont) m_painter.setFont(now.font());
    if (dirty & DirtyTransform) m_painter.setTransform(now.transform());
    if (dirty & DirtyOpacity) m_painter.setOpacity(now.opacity());
    if (dirty & DirtyHints) {
      m_painter.setRenderHints(m_painter.renderHints(), false);
      m_painter.setRenderHints(now.renderHints());
    }
    if (dirty & DirtyClipPath) takeClip(now, now.clipPath().boundingRect());
    if (dirty & DirtyClipRegion) takeClip(now, now.clipRegion().boundingRect());
    if (dirty & DirtyClipEnabled) m_clips = now.isClipEnabled();
  }

  void drawPath(const QPainterPath& path) override {
    if (isInside(path.controlPointRect())) return m_painter.drawPath(path);
    const QTransform fine = m_painter.transform() * QTransform::fromScale(flattening, flattening);
    QVector<QPolygonF> parts;
    for (const QPolygonF& part : path.toSubpathPolygons(fine))
      parts.append(QTransform::fromScale(1 / flattening, 1 / flattening).map(part));
    drawParts(parts, path.fillRule());
  }

  void drawPolygon(const QPointF* points, int count, PolygonDrawMode mode) override {
    QPolygonF polygon(QVector<QPointF>(points, points + count));
    const bool line = mode == PolylineMode;
    const auto rule = mode == WindingMode ? Qt::WindingFill : Qt::OddEvenFill;
    if (isInside(polygon.boundingRect()))
      return line ? m_painter.drawPolyline(polygon) : m_painter.drawPolygon(polygon, rule);
    QPolygonF placed = m_painter.transform().map(polygon);
    if (line) return drawLine(placed);
    placed.append(placed.first());
    drawParts({placed}, rule);
  }

  void drawPolygon(const QPoint* points, int count, PolygonDrawMode mode) override {
    const QVector<QPointF> exact(points, points + count);
    drawPolygon(exact.constData(), count, mode);
  }

  void drawPixmap(const QRectF& area, const QPixmap& pixmap, const QRectF& source) override {
    drawImage(area, pixmap.toImage(), source, Qt::AutoColor);
  }

  void drawImage(const QRectF& area, const QImage& image, const QRectF& source,
                 Qt::ImageConversionFlags flags) override {
    if (isInside(area)) return m_painter.drawImage(area, image, source, flags);
    const QRectF seen = area & m_painter.transform().inverted().mapRect(m_clip);
    if (seen.isEmpty()) return;
    const double across = source.width() / area.width(), down = source.height() / area.height();
    const QPointF corner(source.x() + (seen.x() - area.x()) * across,
                         source.y() + (seen.y() - area.y()) * down);
    m_painter.drawImage(seen, image,
                        QRectF(corner, QSizeF(seen.width() * across, seen.height() * down)), flags);
  }

  void drawTextItem(const QPointF& at, const QTextItem& item) override {
    const QRectF box(at.x(), at.y() - item.ascent(), item.width(), item.ascent() + item.descent());
    if (m_clips && !m_clip.intersects(m_painter.transform().mapRect(box))) return;
    m_painter.setFont(item.font());
    m_painter.drawText(at, item.text());
  }

 private:
  void takeClip(const QPaintEngineState& now, const QRectF& rect) {
    const QRectF placed = now.transform().mapRect(rect);
    const bool narrows = now.clipOperation() == Qt::IntersectClip && m_clips;
    m_clip = narrows ? m_clip & placed : placed;
    m_clips = now.clipOperation() != Qt::NoClip;
  }

  /// Whether what `box` holds needs no cutting.
  bool isInside(const QRectF& box) const {
    if (!m_clips) return true;
    const QRectF at = m_painter.transform().mapRect(box);  // may have no width: not contains()
    return at.left() >= m_clip.left() && at.right() <= m_clip.right() && at.top() >= m_clip.top() &&
           at.bottom() <= m_clip.bottom();
  }

  /// A polyline at its place on the device.
  void drawLine(const QPolygonF& line) {
    const QTransform back = m_painter.transform().inverted();
    for (const QPolygonF& piece : clippedLine(line, m_clip))
      m_painter.drawPolyline(back.map(piece));
  }

  void drawParts(const QVector<QPolygonF>& parts, Qt::FillRule rule) {
    QPainterPath area;
    area.setFillRule(rule);
    for (const QPolygonF& part : parts)
      if (const QPolygonF inside = clippedArea(part, m_clip); inside.size() > 2)
        area.addPolygon(inside);
    if (m_painter.brush().style() != Qt::NoBrush && !area.isEmpty()) {
      const QPen pen = m_painter.pen();
      m_painter.setPen(Qt::NoPen);
      m_painter.drawPath(m_painter.transform().inverted().map(area));
      m_painter.setPen(pen);
    }
    if (m_painter.pen().style() == Qt::NoPen) return;
    for (const QPolygonF& part : parts) drawLine(part);
  }

  QPaintDevice* m_target;
  QPainter m_painter;
  QRectF m_clip;  ///< on the device
  bool m_clips = false;
};

}  // namespace

ClippingDevice::ClippingDevice(QPaintDevice* target)
    : m_target(target), m_engine(std::make_unique<ClippingEngine>(target)) {}

ClippingDevice::~ClippingDevice() = default;

QPaintEngine* ClippingDevice::paintEngine() const { return m_engine.get(); }

int ClippingDevice::metric(PaintDeviceMetric metric) const {
  switch (metric) {
    case PdmWidth:
      return m_target->width();
    case PdmHeight:
      return m_target->height();
    case PdmWidthMM:
      return m_target->widthMM();
    case PdmHeightMM:
      return m_target->heightMM();
    case PdmDpiX:
      return m_target->logicalDpiX();
    case PdmDpiY:
      return m_target->logicalDpiY();
    case PdmPhysicalDpiX:
      return m_target->physicalDpiX();
    case PdmPhysicalDpiY:
      return m_target->physicalDpiY();
    case PdmNumColors:
      return m_target->colorCount();
    case PdmDevicePixelRatio:
      return static_cast<int>(m_target->devicePixelRatio());
    case PdmDevicePixelRatioScaled:
      return static_cast<int>(m_target->devicePixelRatioF() * devicePixelRatioFScale());
    case PdmDepth:
      return m_target->depth();
    default:
      return QPaintDevice::metric(metric);
  }
}

}  // namespace ergo
