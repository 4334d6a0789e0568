// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <functional>

namespace ergo {

/// The only timer that drives pictures. Sleeps while nothing happens, ticks every 16 ms while
/// events come, every 33 ms while frames take longer than their budget lately, and every 100 ms
/// while the window is unfocused or minimised. The time that a frame takes counts into its pace.
class FrameClock : public QObject {
  Q_OBJECT
 public:
  static constexpr int budgetMs = 11;  ///< of a 16 ms frame, for drawing

  /// `frame` draws one frame and returns whether another one is wanted.
  FrameClock(std::function<bool()> frame, QObject* parent);
  void request();  ///< wants a frame; cheap, may be called any number of times
  void setRelaxed(bool relaxed) { m_relaxed = relaxed; }  ///< unfocused or minimised
  /// Every frame at this distance, whatever it costs; 0: adaptive again.
  void setFixedPace(int milliseconds) { m_fixedPace = milliseconds; }
  int pace() const;                                 ///< ms between frames at present
  double framesPerSecond() const { return m_fps; }  ///< over about the last second of activity
  /// Frames of that second that began more than half a pace, and at least 8 ms, after their time.
  int lateFrames() const { return m_late; }

 private:
  void tick();
  void schedule(qint64 sinceLast);
  void measure(bool late);
  std::function<bool()> m_frame;
  QTimer m_timer;
  QElapsedTimer m_window, m_sinceTick, m_sinceDue;
  int m_framesInWindow = 0, m_lateInWindow = 0, m_late = 0, m_fixedPace = 0, m_wait = 0;
  double m_cost = 0.0, m_fps = 0.0;
  bool m_relaxed = false, m_asleep = true;
};

}  // namespace ergo
