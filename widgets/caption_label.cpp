// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/caption_label.h"

#include <QPainter>

namespace ergo {
namespace {

constexpr int margin = 6;

}  // namespace

CaptionLabel::CaptionLabel(QWidget* parent) : QWidget(parent), m_theme(Theme::light()) {
  setObjectName(QStringLiteral("caption"));
  setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  refresh();
}

void CaptionLabel::setCaption(const QString& caption) {
  if (caption == m_caption) return;
  m_caption = caption;
  refresh();
}

void CaptionLabel::setOutdated(bool outdated) {
  if (outdated == m_outdated) return;
  m_outdated = outdated;
  refresh();
}

void CaptionLabel::applyTheme(const Theme& theme) {
  m_theme = theme;
  refresh();
}

void CaptionLabel::setReserve(int pixels) {
  m_reserve = pixels;
  update();
}

QString CaptionLabel::text() const {
  if (m_caption.isEmpty()) return {};
  return m_outdated ? tr("Settings changed since this run: %1").arg(m_caption) : m_caption;
}

void CaptionLabel::refresh() {
  QFont small = m_theme.font;
  if (small.pointSizeF() > 0) small.setPointSizeF(small.pointSizeF() * 0.9);
  small.setBold(m_outdated);
  setFont(small);
  setToolTip(text());
  setAccessibleName(text().isEmpty() ? tr("Run") : tr("Run: %1").arg(text()));
  setVisible(!m_caption.isEmpty() && !m_theme.print);
  updateGeometry();
  update();
}

QSize CaptionLabel::sizeHint() const {
  return {fontMetrics().horizontalAdvance(text()) + 2 * margin, fontMetrics().height() + 3};
}

void CaptionLabel::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), m_theme.background);
  const QRect area = rect().adjusted(margin, 2, -margin - m_reserve, 0);
  painter.setPen(m_outdated ? m_theme.text : m_theme.muted);
  painter.drawText(area, Qt::AlignLeft | Qt::AlignVCenter,
                   fontMetrics().elidedText(text(), Qt::ElideRight, area.width()));
}

}  // namespace ergo
