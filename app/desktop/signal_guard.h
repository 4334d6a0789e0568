// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>

namespace ergo {

/// Turns SIGINT, SIGTERM and SIGHUP into a Qt signal on the window's thread. One per process.
/// The handler only writes a byte into a pipe, which is all that a handler may do.
class SignalGuard : public QObject {
  Q_OBJECT
 public:
  explicit SignalGuard(QObject* parent = nullptr);
  ~SignalGuard() override;

 Q_SIGNALS:
  void interrupted(int signalNumber);

 private:
  void read();
  int m_ends[2] = {-1, -1};
};

}  // namespace ergo
