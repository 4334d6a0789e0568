// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/run_controller.h"

#include <utility>

namespace ergo {

RunController::RunController(RunFunction function, QObject* parent)
    : QObject(parent), m_function(std::move(function)) {
  connect(&m_bridge, &RunBridge::started, this, &RunController::stateChanged);
  connect(&m_bridge, &RunBridge::controlChanged, this, &RunController::stateChanged);
  connect(&m_bridge, &RunBridge::drained, this, &RunController::noteStart);
  connect(&m_bridge, &RunBridge::finished, this, &RunController::wrapUp);
  connect(&m_bridge, &RunBridge::failed, this, [this](int code, const QString& sentence) {
    m_failed = true;
    Q_EMIT failed(code, sentence);
  });
}

RunState RunController::state() const {
  if (!m_bridge.isRunning()) return RunState::idle;
  if (m_bridge.isStopping()) return RunState::stopping;
  return m_bridge.isPaused() ? RunState::paused : RunState::running;
}

void RunController::start(const Preset& preset, const std::vector<std::uint64_t>& seeds,
                          int workers) {
  if (m_bridge.isRunning()) return;
  m_failed = m_stopped = false;
  m_given = {preset.id, preset.document, seeds};
  m_preset = preset;
  m_workers = workers;
  m_next = 0;
  m_results.clear();
  startSeed();
}

void RunController::startSeed() {
  const std::uint64_t seed = m_given.seeds[m_next++];
  m_current = std::make_shared<RunResult>();
  m_bridge.start(
      [function = m_function, preset = m_preset, seed, workers = m_workers, result = m_current](
          std::int64_t run, const EventSink& sink, RunControl& control) {
        RunOptions options;
        options.seed = seed;
        options.workers = workers;
        options.live = true;
        options.run = run;
        *result = function(preset, options, sink, control);
      });
}

/// A run that is refused begins nothing: the pictures stay those of the one before.
void RunController::noteStart(const std::vector<RunEvent>& events) {
  for (const RunEvent& event : events) {
    if (!std::holds_alternative<RunStarted>(event)) continue;
    m_shown = m_given;
    Q_EMIT shown();
  }
}

bool RunController::differsFrom(const Preset& preset,
                                const std::vector<std::uint64_t>& seeds) const {
  return m_shown && (m_shown->preset != preset.id || m_shown->seeds != seeds ||
                     m_shown->document != preset.document);
}

void RunController::togglePause() {
  if (m_bridge.isPaused())
    m_bridge.resume();
  else
    m_bridge.pause();
}

void RunController::step() { m_bridge.step(); }

void RunController::stop() {
  m_stopped = true;
  m_bridge.stop();
}

void RunController::wrapUp() {
  if (!m_failed) {
    m_result = m_current;
    m_results.push_back(m_current);
  }
  m_current.reset();
  if (!m_failed && !m_stopped && m_next < m_given.seeds.size()) return startSeed();
  Q_EMIT stateChanged();
  Q_EMIT ended();
}

}  // namespace ergo
