// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>

#include "core/base/stop_signals.h"

namespace ergo {

/// Turns HUP, INT, TERM and USR1 into a Qt signal on the window's thread. One per process.
class SignalGuard : public QObject {
  Q_OBJECT
 public:
  explicit SignalGuard(QObject* parent = nullptr);

 Q_SIGNALS:
  void interrupted(int signalNumber);

 private:
  void read();
  StopSignals m_signals;
};

}  // namespace ergo
