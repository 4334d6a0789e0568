// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <functional>
#include <memory>

#include "app/desktop/run_bridge.h"
#include "core/run/run.h"

namespace ergo {

using RunFunction =
    std::function<RunResult(const Preset&, const RunOptions&, const EventSink&, RunControl&)>;

enum class RunState { idle, running, paused, stopping };

/// One comparison at a time: start, pause, step, stop, and the result of the last one.
/// Window thread only; the run itself is on the bridge's thread.
class RunController : public QObject {
  Q_OBJECT
 public:
  RunController(RunFunction function, QObject* parent);
  RunBridge* bridge() { return &m_bridge; }
  RunState state() const;
  /// The last run that came back with numbers, whole or stopped; null before.
  std::shared_ptr<const RunResult> result() const { return m_result; }

  /// Ignored while a run is on. `workers` as in RunOptions.
  void start(const Preset& preset, std::uint64_t seed, int workers = 0);
  void togglePause();
  void step();
  void stop();

 Q_SIGNALS:
  void stateChanged();
  void failed(int exitCode, const QString& sentence);
  void ended();  ///< after failed(), or with result() being this run's

 private:
  void wrapUp();
  RunFunction m_function;
  RunBridge m_bridge;
  std::shared_ptr<RunResult> m_current;
  std::shared_ptr<const RunResult> m_result;
  bool m_failed = false;
};

}  // namespace ergo
