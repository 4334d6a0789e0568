// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/log_view.h"

#include <QKeyEvent>
#include <QScrollBar>
#include <QTextCharFormat>
#include <QTime>

namespace ergo {

LogView::LogView(QWidget* parent) : QPlainTextEdit(parent) {
  setObjectName(QStringLiteral("logView"));
  setAccessibleName(tr("Log"));
  setToolTip(tr("Messages of the runs and of this window, the newest last."));
  setReadOnly(true);
  setMaximumBlockCount(5000);
  setLineWrapMode(QPlainTextEdit::WidgetWidth);
}

/// Nobody types here: keys without Ctrl (Space, the full stop) stay those of the window.
bool LogView::event(QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (!key->text().isEmpty() && !(key->modifiers() & Qt::ControlModifier)) {
      event->ignore();
      return true;
    }
  }
  return QPlainTextEdit::event(event);
}

void LogView::consume(const std::vector<RunEvent>& events) {
  for (const RunEvent& event : events) take(event);
}

void LogView::take(const RunEvent& event) {
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    if (!start->samplers.empty()) m_samplers.clear();  // a meta-training runs beside a comparison
    for (const SamplerInfo& info : start->samplers)
      m_samplers.push_back(QString::fromStdString(info.label));
    add(QStringLiteral("info"),
        tr("Started %1 with seed %2.").arg(QString::fromStdString(start->preset)).arg(start->seed));
  } else if (const auto* message = std::get_if<LogMessage>(&event)) {
    add(QString::fromStdString(message->level), QString::fromStdString(message->text));
  } else if (const auto* diverged = std::get_if<ChainDiverged>(&event)) {
    const auto index = static_cast<std::size_t>(diverged->sampler);
    const QString name = index < m_samplers.size() ? m_samplers[index] : QString::number(index);
    add(QStringLiteral("warning"), tr("%1: chain %2 diverged at step %3 (%4).")
                                       .arg(name)
                                       .arg(diverged->chain + 1)
                                       .arg(diverged->step)
                                       .arg(QString::fromStdString(diverged->reason)));
  } else if (const auto* end = std::get_if<RunFinished>(&event); end && end->reason != "failed") {
    const QString text = QString::fromStdString(end->text.empty() ? end->reason : end->text);
    add(end->reason == "diverged" ? QStringLiteral("warning") : QStringLiteral("info"),
        tr("Run ended: %1").arg(text));
  }
}

void LogView::add(const QString& level, const QString& text) {
  const bool dark = palette().color(QPalette::Base).lightness() < 128;
  QTextCharFormat format;
  format.setForeground(palette().color(QPalette::Text));
  QString mark;
  if (level == QLatin1String("warning")) {
    format.setForeground(dark ? QColor(0xf5, 0xc2, 0x5b) : QColor(0x8a, 0x55, 0x00));
    mark = tr("Warning: ");
  } else if (level == QLatin1String("error")) {
    format.setForeground(dark ? QColor(0xff, 0x9b, 0x8f) : QColor(0xb0, 0x1c, 0x10));
    mark = tr("Error: ");
  }
  const bool atEnd = verticalScrollBar()->value() >= verticalScrollBar()->maximum() - 2;
  QTextCursor cursor(document());
  cursor.movePosition(QTextCursor::End);
  if (!document()->isEmpty()) cursor.insertBlock();
  cursor.insertText(QTime::currentTime().toString(QStringLiteral("HH:mm:ss  ")) + mark + text,
                    format);
  if (atEnd) verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

}  // namespace ergo
