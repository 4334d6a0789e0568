// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QString>
#include <QStringList>
#include <vector>

#include "core/events/events.h"

namespace ergo {
class MainWindow;
class Plot;
}  // namespace ergo

namespace ergo::bench {

/// Watches a window for the first time that pictures show something of a run: the plot has taken
/// an event with numbers, has drawn it, lies open, and its widget has been painted and handed to
/// the window system.
class FirstPicture : public QObject {
  Q_OBJECT
 public:
  /// `plots`: "trace" waits for points of a chain, "predictive" for the band of some draws.
  FirstPicture(MainWindow* window, const QStringList& plots);

 Q_SIGNALS:
  void painted(const QString& plot);  ///< once a plot
  void allPainted();                  ///< the last signal

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  struct Watched {
    QString name;
    Plot* plot = nullptr;
    bool fed = false, done = false;
  };
  void consume(const std::vector<RunEvent>& events);
  void note(std::size_t index);
  std::vector<Watched> m_watched;
};

}  // namespace ergo::bench
