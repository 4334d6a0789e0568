// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <functional>

namespace ergo {

/// The only timer that drives pictures. Sleeps while nothing happens, ticks every 16 ms while
/// events come, every 33 ms while frames take longer than their budget, and every 100 ms while the
/// window is unfocused or minimised.
class FrameClock : public QObject {
  Q_OBJECT
 public:
  static constexpr int budgetMs = 11;  ///< of a 16 ms frame, for drawing

  /// `frame` draws one frame and returns whether another one is wanted.
  FrameClock(std::function<bool()> frame, QObject* parent);
  void request();  ///< wants a frame; cheap, may be called any number of times
  void setRelaxed(bool relaxed) { m_relaxed = relaxed; }  ///< unfocused or minimised
  double framesPerSecond() const { return m_fps; }        ///< over about the last second

 private:
  void tick();
  void measure();
  std::function<bool()> m_frame;
  QTimer m_timer;
  QElapsedTimer m_window;
  int m_framesInWindow = 0;
  qint64 m_lastCost = 0;
  double m_fps = 0.0;
  bool m_relaxed = false;
};

}  // namespace ergo
