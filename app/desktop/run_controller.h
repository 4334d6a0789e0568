// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <functional>
#include <memory>
#include <optional>

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

  /// Whether the run that the window shows was made with other settings; false before the first.
  bool differsFrom(const Preset& preset, std::uint64_t seed) const;

  /// Ignored while a run is on. `workers` as in RunOptions.
  void start(const Preset& preset, std::uint64_t seed, int workers = 0);
  void togglePause();
  void step();
  void stop();

 Q_SIGNALS:
  void stateChanged();
  void failed(int exitCode, const QString& sentence);
  void shown();  ///< a run has begun: what is drawn from now on is its
  void ended();  ///< after failed(), or with result() being this run's

 private:
  struct Settings {
    std::string preset;
    nlohmann::json document;
    std::uint64_t seed = 0;
  };
  void noteStart(const std::vector<RunEvent>& events);
  void wrapUp();
  RunFunction m_function;
  RunBridge m_bridge;
  std::shared_ptr<RunResult> m_current;
  std::shared_ptr<const RunResult> m_result;
  Settings m_given;                 ///< of the last start()
  std::optional<Settings> m_shown;  ///< of the last run that began
  bool m_failed = false;
};

}  // namespace ergo
