// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/frame_clock.h"

#include <algorithm>
#include <utility>

namespace ergo {
namespace {

constexpr int fast = 16, slow = 33, relaxed = 100;
constexpr qint64 longRest = 1000;

}  // namespace

FrameClock::FrameClock(std::function<bool()> frame, QObject* parent)
    : QObject(parent), m_frame(std::move(frame)) {
  m_timer.setTimerType(Qt::PreciseTimer);
  m_timer.setSingleShot(true);
  connect(&m_timer, &QTimer::timeout, this, &FrameClock::tick);
  m_sinceTick.start();
  m_window.start();
}

int FrameClock::pace() const {
  if (m_fixedPace > 0) return m_fixedPace;
  if (m_relaxed) return relaxed;
  return m_cost > budgetMs ? slow : fast;
}

void FrameClock::request() {
  if (m_timer.isActive()) return;
  // A long rest is no part of any rate; the short ones between the monitor's looks are.
  if (m_asleep && m_sinceTick.elapsed() > longRest) {
    m_window.start();
    m_framesInWindow = m_lateInWindow = 0;
  }
  m_asleep = false;
  schedule(m_sinceTick.elapsed());
}

void FrameClock::schedule(qint64 sinceLast) {
  m_wait = static_cast<int>(std::max<qint64>(1, pace() - sinceLast));
  m_sinceDue.start();
  m_timer.start(m_wait);
}

void FrameClock::tick() {
  const bool late = m_sinceDue.elapsed() - m_wait > std::max(8, pace() / 2);
  m_sinceTick.start();
  const bool more = m_frame();
  m_cost = 0.8 * m_cost + 0.2 * static_cast<double>(m_sinceTick.nsecsElapsed()) * 1e-6;
  measure(late);
  if (more)
    schedule(m_sinceTick.elapsed());
  else
    m_asleep = !m_timer.isActive();
}

void FrameClock::measure(bool late) {
  ++m_framesInWindow;
  m_lateInWindow += late;
  if (m_window.elapsed() < 1000) return;
  m_fps = 1000.0 * m_framesInWindow / static_cast<double>(m_window.restart());
  m_late = m_lateInWindow;
  m_framesInWindow = m_lateInWindow = 0;
}

}  // namespace ergo
