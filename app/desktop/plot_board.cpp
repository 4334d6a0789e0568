// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/plot_board.h"

#include <qcustomplot.h>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QWidget>

namespace ergo {
namespace {

bool showsMetaTraining(const char* id) { return QString::fromLatin1(id).contains("meta"); }

}  // namespace

QString plotTitle(const PlotEntry& entry) {
  return QCoreApplication::translate("ergo::Plot", entry.title);
}

/// Asks the panels: a widget that opaque children cover has no visible region of its own.
bool isOnScreen(const Plot& plot) {
  if (!plot.isVisible() || plot.window()->isMinimized()) return false;
  for (const QCustomPlot* panel : plot.panels())
    if (!panel->visibleRegion().isEmpty()) return true;
  return false;
}

PlotBoard::PlotBoard(QWidget* parent) : QObject(parent) {
  for (const PlotEntry& entry : plotEntries()) {
    Plot* plot = entry.create(parent);
    plot->setObjectName(QString::fromLatin1(entry.id));
    if (plot->accessibleName().isEmpty()) plot->setAccessibleName(plotTitle(entry));
    m_items.push_back({&entry, plot});
  }
}

Plot* PlotBoard::plot(const QString& id) const {
  for (const Item& item : m_items)
    if (id == QLatin1String(item.entry->id)) return item.plot;
  return nullptr;
}

void PlotBoard::consume(const std::vector<RunEvent>& events, bool metaTraining) {
  for (const Item& item : m_items) {
    if (showsMetaTraining(item.entry->id) != metaTraining) continue;
    for (const RunEvent& event : events) item.plot->consume(event);
  }
}

bool PlotBoard::refresh(int budgetMs) {
  QElapsedTimer spent;
  spent.start();
  bool waiting = false;
  for (std::size_t i = 0; i < m_items.size(); ++i) {
    Plot* plot = m_items[m_next].plot;
    if (plot->isDirty() && isOnScreen(*plot)) {
      if (spent.elapsed() >= budgetMs) {
        waiting = true;
        break;  // m_next stays here: this plot is the first of the next frame
      }
      plot->refresh();
    }
    m_next = (m_next + 1) % m_items.size();
  }
  return waiting;
}

void PlotBoard::applyTheme(const Theme& theme) {
  for (const Item& item : m_items) item.plot->applyTheme(theme);
}

}  // namespace ergo
