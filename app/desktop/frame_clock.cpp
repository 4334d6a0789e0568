// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/frame_clock.h"

#include <utility>

namespace ergo {

FrameClock::FrameClock(std::function<bool()> frame, QObject* parent)
    : QObject(parent), m_frame(std::move(frame)) {
  m_timer.setTimerType(Qt::PreciseTimer);
  m_timer.setSingleShot(true);
  connect(&m_timer, &QTimer::timeout, this, &FrameClock::tick);
  m_window.start();
}

void FrameClock::request() {
  if (m_timer.isActive()) return;
  const int pace = m_relaxed ? 100 : m_lastCost > budgetMs ? 33 : 16;
  m_timer.start(pace);
}

void FrameClock::tick() {
  QElapsedTimer cost;
  cost.start();
  const bool more = m_frame();
  m_lastCost = cost.elapsed();
  measure();
  if (more) request();
}

void FrameClock::measure() {
  ++m_framesInWindow;
  if (m_window.elapsed() < 1000) return;
  m_fps = 1000.0 * m_framesInWindow / static_cast<double>(m_window.restart());
  m_framesInWindow = 0;
}

}  // namespace ergo
