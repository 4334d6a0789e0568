// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <functional>
#include <thread>

namespace ergo {

/// One file operation at a time on a thread of its own; the window never waits for a disk.
/// Functions and signals belong to the thread that made it; `work` runs on the other one.
class Background : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  ~Background() override;  ///< joins: a file that is being written is finished first
  /// Queues `work`; `done` is called here with an empty sentence, or what went wrong.
  using Done = std::function<void(int exitCode, const QString& sentence)>;
  void run(std::function<void()> work, Done done);
  bool isBusy() const { return m_pending > 0; }

 Q_SIGNALS:
  void idle();  ///< everything queued is done and reported

 private:
  std::jthread m_thread;
  int m_pending = 0;
};

}  // namespace ergo
