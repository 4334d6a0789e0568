// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QStringList>
#include <QToolBar>
#include <vector>

#include "core/events/events.h"

class QLabel;
class QToolButton;

namespace ergo {

/// What the present run warned of, in sight until it is dismissed or the next run starts: a line
/// across the window. The log has all messages.
class NoticeBar : public QToolBar {
  Q_OBJECT
 public:
  explicit NoticeBar(QWidget* parent = nullptr);
  void consume(const std::vector<RunEvent>& events);
  void applyTheme(bool dark);
  void refresh();  ///< shows or hides itself, whatever a restored layout has said

 Q_SIGNALS:
  void logRequested();

 private:
  void take(const RunEvent& event);
  QString sentence() const;
  QToolButton* addButton(const char* name, const QString& text, const QString& tip);
  QLabel* m_text;
  std::vector<QString> m_samplers;
  QStringList m_notices;
};

}  // namespace ergo
