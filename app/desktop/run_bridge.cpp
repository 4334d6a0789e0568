// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/run_bridge.h"

#include <atomic>
#include <utility>

namespace ergo {
namespace {

/// One count for all bridges, so that a late event can never be taken for another run's.
std::int64_t nextRunNumber() {
  static std::atomic<std::int64_t> count{0};
  return ++count;
}

}  // namespace

RunBridge::RunBridge(QObject* parent)
    : QObject(parent), m_queue([this] {
        QMetaObject::invokeMethod(this, &RunBridge::woken, Qt::QueuedConnection);
      }) {}

RunBridge::~RunBridge() {
  if (m_control) m_control->stop();
  if (m_thread.joinable()) m_thread.join();
}

bool RunBridge::start(Work work) {
  if (isRunning()) return false;
  m_run = nextRunNumber();
  m_code = ExitCode::ok;
  m_sentence.clear();
  m_control = std::make_shared<RunControl>();
  m_thread = std::jthread([this, work = std::move(work), run = m_run, control = m_control] {
    execute(work, run, *control);
    QMetaObject::invokeMethod(this, &RunBridge::wrapUp, Qt::QueuedConnection);
  });
  Q_EMIT started();
  return true;
}

void RunBridge::execute(const Work& work, std::int64_t run, RunControl& control) {
  try {
    work(
        run, [this](const RunEvent& event) { m_queue.push(event); }, control);
  } catch (const Error& error) {
    reportFailure(run, error.code(), QString::fromStdString(error.what()));
  } catch (const std::bad_alloc&) {
    reportFailure(run, ExitCode::internal,
                  tr("The memory of this machine is too small for the run."));
  } catch (const std::exception& error) {
    reportFailure(run, ExitCode::internal,
                  tr("Internal error: %1").arg(QString::fromUtf8(error.what())));
  }
}

void RunBridge::reportFailure(std::int64_t run, ExitCode code, const QString& sentence) {
  m_code = code;
  m_sentence = sentence;
  m_queue.push(LogMessage{run, "error", sentence.toStdString()});
  m_queue.push(RunFinished{run, "failed", sentence.toStdString(), {}});
}

void RunBridge::wrapUp() {
  m_thread.join();  // its last statement posted this call: nothing is left to wait for
  while (drain()) {
  }
  m_control.reset();
  if (m_code != ExitCode::ok) Q_EMIT failed(static_cast<int>(m_code), m_sentence);
  Q_EMIT finished();
}

bool RunBridge::drain() {
  std::vector<RunEvent> events = m_queue.drain();
  if (events.empty()) return false;
  std::erase_if(events, [this](const RunEvent& event) { return run_of(event) != m_run; });
  Q_EMIT drained(events);
  return true;
}

void RunBridge::stop() {
  if (!m_control) return;
  m_control->stop();
  Q_EMIT controlChanged();
}

void RunBridge::pause() {
  if (!m_control) return;
  m_control->pause();
  Q_EMIT controlChanged();
}

void RunBridge::resume() {
  if (!m_control) return;
  m_control->resume();
  Q_EMIT controlChanged();
}

void RunBridge::step(std::int64_t transitions) {
  if (!m_control) return;
  m_control->pause();
  m_control->step(transitions);
  Q_EMIT controlChanged();
}

}  // namespace ergo
