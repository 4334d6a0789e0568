// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/notice_bar.h"

#include <QAction>
#include <QLabel>
#include <QToolButton>

namespace ergo {

NoticeBar::NoticeBar(QWidget* parent) : QToolBar(parent), m_text(new QLabel(this)) {
  setObjectName(QStringLiteral("noticeBar"));
  setWindowTitle(tr("Warnings"));
  setMovable(false);
  toggleViewAction()->setVisible(false);  // it comes and goes by itself
  setAutoFillBackground(true);
  m_text->setObjectName(QStringLiteral("noticeText"));
  m_text->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  m_text->setContentsMargins(6, 0, 6, 0);
  m_text->setTextFormat(Qt::PlainText);
  addWidget(m_text);
  connect(addButton("noticeLog", tr("Show log"), tr("Opens the log, which has all messages")),
          &QToolButton::clicked, this, &NoticeBar::logRequested);
  connect(addButton("noticeDismiss", tr("Dismiss"), tr("Hides the warnings of this run")),
          &QToolButton::clicked, this, [this] {
            m_notices.clear();
            refresh();
          });
  refresh();
}

QToolButton* NoticeBar::addButton(const char* name, const QString& text, const QString& tip) {
  auto* button = new QToolButton(this);
  button->setObjectName(QString::fromLatin1(name));
  button->setText(text);
  button->setAccessibleName(text);
  button->setToolTip(tip);
  addWidget(button);
  return button;
}

void NoticeBar::consume(const std::vector<RunEvent>& events) {
  const auto before = m_notices.size();
  for (const RunEvent& event : events) take(event);
  if (m_notices.size() != before || m_notices.isEmpty()) refresh();
}

void NoticeBar::take(const RunEvent& event) {
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    m_notices.clear();
    m_samplers.clear();
    for (const SamplerInfo& info : start->samplers)
      m_samplers.push_back(QString::fromStdString(info.label));
  } else if (const auto* message = std::get_if<LogMessage>(&event)) {
    if (message->level == "warning") m_notices << QString::fromStdString(message->text);
  } else if (const auto* diverged = std::get_if<ChainDiverged>(&event)) {
    const auto index = static_cast<std::size_t>(diverged->sampler);
    m_notices << tr("%1: chain %2 diverged at step %3 (%4).")
                     .arg(index < m_samplers.size() ? m_samplers[index] : QString::number(index))
                     .arg(diverged->chain + 1)
                     .arg(diverged->step)
                     .arg(QString::fromStdString(diverged->reason));
  }
}

QString NoticeBar::sentence() const {
  if (m_notices.isEmpty()) return {};
  const auto more = m_notices.size() - 1;
  const QString first = tr("Warning: %1").arg(m_notices.first());
  return more > 0 ? tr("(+%1 more) %2").arg(more).arg(first) : first;
}

void NoticeBar::refresh() {
  m_text->setText(sentence());
  m_text->setToolTip(m_notices.join(u'\n'));
  m_text->setAccessibleName(sentence());
  setVisible(!m_notices.isEmpty());
}

void NoticeBar::applyTheme(bool dark) {
  QPalette colours = palette();
  colours.setColor(QPalette::Window, QColor(dark ? "#4a3a10" : "#fff1cc"));
  colours.setColor(QPalette::WindowText, QColor(dark ? "#ffe6a8" : "#4a3300"));
  setPalette(colours);
}

}  // namespace ergo
