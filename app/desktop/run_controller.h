// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "app/desktop/run_bridge.h"
#include "core/run/run.h"

namespace ergo {

using RunFunction =
    std::function<RunResult(const Preset&, const RunOptions&, const EventSink&, RunControl&)>;

enum class RunState { idle, running, paused, stopping };

/// One comparison at a time: start, pause, step, stop, and the result of the last one. With several
/// seeds its runs follow each other; a stop or a failure ends all of them.
/// Window thread only; the run itself is on the bridge's thread.
class RunController : public QObject {
  Q_OBJECT
 public:
  RunController(RunFunction function, QObject* parent);
  RunBridge* bridge() { return &m_bridge; }
  RunState state() const;
  /// The last run that came back with numbers, whole or stopped; null before.
  std::shared_ptr<const RunResult> result() const { return m_result; }

  /// Of every seed of the last comparison, as far as it came.
  const std::vector<std::shared_ptr<const RunResult>>& results() const { return m_results; }

  /// Whether the run that the window shows was made with other settings; false before the first.
  bool differsFrom(const Preset& preset, const std::vector<std::uint64_t>& seeds) const;

  /// Ignored while a run is on. `workers` as in RunOptions; `seeds` is not empty.
  void start(const Preset& preset, const std::vector<std::uint64_t>& seeds, int workers = 0);
  void togglePause();
  void step();
  void stop();
  bool wasStopped() const { return m_stopped; }  ///< the last comparison was, by stop()

 Q_SIGNALS:
  void stateChanged();
  void failed(int exitCode, const QString& sentence);
  void shown();  ///< a run has begun: what is drawn from now on is its
  void ended();  ///< of the last seed; after failed(), or with result() being this run's

 private:
  struct Settings {
    std::string preset;
    nlohmann::json document;
    std::vector<std::uint64_t> seeds;
  };
  void startSeed();
  void noteStart(const std::vector<RunEvent>& events);
  void wrapUp();
  RunFunction m_function;
  RunBridge m_bridge;
  std::shared_ptr<RunResult> m_current;
  std::shared_ptr<const RunResult> m_result;
  std::vector<std::shared_ptr<const RunResult>> m_results;
  Preset m_preset;
  int m_workers = 0;
  std::size_t m_next = 0;           ///< among the seeds of m_given
  Settings m_given;                 ///< of the last start()
  std::optional<Settings> m_shown;  ///< of the last run that began
  bool m_failed = false, m_stopped = false;
};

}  // namespace ergo
