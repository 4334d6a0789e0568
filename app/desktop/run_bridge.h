// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QString>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "app/desktop/event_queue.h"
#include "core/base/control.h"
#include "core/base/error.h"
#include "core/events/events.h"

namespace ergo {

/// Owns the thread that calls ergo::run or ergo::meta_train and hands its events to the window.
///
/// The work happens on its own thread. Its events go into an EventQueue; the first one wakes the
/// window once (`woken`), whose frame clock then calls drain(). Nothing here waits for a chain:
/// stop() sets a flag, and `finished` comes when the work has returned. Every member function and
/// every signal belongs to the thread that made the bridge (the window's).
class RunBridge : public QObject {
  Q_OBJECT
 public:
  /// The blocking call. `run` is the number its events must carry.
  using Work = std::function<void(std::int64_t run, const EventSink&, RunControl&)>;

  explicit RunBridge(QObject* parent = nullptr);
  ~RunBridge() override;  ///< stops and joins, so it takes as long as one transition

  /// Starts the work; false (and nothing happens) when one is running.
  bool start(Work work);
  bool isRunning() const { return m_thread.joinable(); }
  bool isPaused() const { return m_control && m_control->paused(); }
  bool isStopping() const { return m_control && m_control->stopped(); }
  void stop();
  void pause();
  void resume();
  void step(std::int64_t transitions = 1);

  /// Emits `drained` with what came since the last call. @return whether there was anything.
  bool drain();
  std::int64_t thinned() const { return m_queue.thinned(); }

 Q_SIGNALS:
  void started();
  void controlChanged();  ///< paused, resumed or stopping
  void woken();           ///< events wait; at most once between two empty drains
  void drained(const std::vector<ergo::RunEvent>& events);  ///< once a frame, events of this run
  void failed(int exitCode, const QString& sentence);       ///< before `finished`
  void finished();                                          ///< the last signal of a run

 private:
  void execute(const Work& work, std::int64_t run, RunControl& control);
  void reportFailure(std::int64_t run, ExitCode code, const QString& sentence);
  void wrapUp();

  EventQueue m_queue;
  std::shared_ptr<RunControl> m_control;
  std::int64_t m_run = 0;
  ExitCode m_code = ExitCode::ok;  // written by the worker, read after the join
  QString m_sentence;
  std::jthread m_thread;
};

}  // namespace ergo
