// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QPlainTextEdit>
#include <vector>

#include "core/events/events.h"

namespace ergo {

/// What a run and the window had to say: one line a message, the newest 5000.
class LogView : public QPlainTextEdit {
  Q_OBJECT
 public:
  explicit LogView(QWidget* parent = nullptr);
  void consume(const std::vector<RunEvent>& events);
  void add(const QString& level, const QString& text);  ///< level: "info", "warning" or "error"

 protected:
  bool event(QEvent* event) override;

 private:
  void take(const RunEvent& event);
  std::vector<QString> m_samplers;
};

}  // namespace ergo
