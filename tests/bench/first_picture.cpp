// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/first_picture.h"

#include <qcustomplot.h>

#include <QGuiApplication>
#include <algorithm>

#include "app/desktop/main_window.h"

namespace ergo::bench {
namespace {

bool feeds(const RunEvent& event, const QString& plot) {
  if (const auto* trace = std::get_if<TraceAdded>(&event))
    return plot == QLatin1String("trace") && !trace->potential.empty();
  if (const auto* predictive = std::get_if<PredictiveUpdated>(&event))
    return plot == QLatin1String("predictive") && predictive->draws > 0;
  return false;
}

}  // namespace

FirstPicture::FirstPicture(MainWindow* window, const QStringList& plots) : QObject(window) {
  for (const QString& name : plots) {
    Plot* plot = window->board()->plot(name);
    Q_ASSERT(plot);
    m_watched.push_back({name, plot});
    for (QCustomPlot* canvas : plot->panels()) canvas->installEventFilter(this);
  }
  // After the window's own connection: its plots have taken the events then.
  connect(window->runs()->bridge(), &RunBridge::drained, this, &FirstPicture::consume);
}

void FirstPicture::consume(const std::vector<RunEvent>& events) {
  for (Watched& watched : m_watched)
    watched.fed = watched.fed || std::any_of(events.begin(), events.end(), [&](const auto& event) {
                    return feeds(event, watched.name);
                  });
}

bool FirstPicture::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::Paint) return false;
  for (std::size_t i = 0; i < m_watched.size(); ++i) {
    const Watched& one = m_watched[i];
    const auto panels = one.plot->panels();
    const bool ours = std::find(panels.begin(), panels.end(), watched) != panels.end();
    if (!ours || one.done || !one.fed || one.plot->isDirty() || !isOnScreen(*one.plot)) continue;
    // The filter comes before the painting.
    QMetaObject::invokeMethod(
        this, [this, i] { note(i); }, Qt::QueuedConnection);
  }
  return false;
}

void FirstPicture::note(std::size_t index) {
  if (m_watched[index].done) return;
  QGuiApplication::sync();
  m_watched[index].done = true;
  Q_EMIT painted(m_watched[index].name);
  if (std::all_of(m_watched.begin(), m_watched.end(), [](const auto& one) { return one.done; }))
    Q_EMIT allPainted();
}

}  // namespace ergo::bench
