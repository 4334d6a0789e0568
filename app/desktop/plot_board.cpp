// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/plot_board.h"

#include <qcustomplot.h>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QWidget>
#include <algorithm>

namespace ergo {
namespace {

constexpr std::int64_t patience = 4;  // frames that the plot under the mouse may hold up others

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

PlotBoard::PlotBoard(QWidget* parent, const std::vector<PlotEntry>& entries)
    : QObject(parent), m_entries(entries) {
  for (const PlotEntry& entry : m_entries) {
    Plot* plot = entry.create(parent);
    plot->setObjectName(QString::fromLatin1(entry.id));
    if (plot->accessibleName().isEmpty()) plot->setAccessibleName(plotTitle(entry));
    m_items.push_back({&entry, plot});
  }
  m_turns.resize(m_items.size());
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

/// What is dirty and seen, in the order of its turn.
std::vector<std::size_t> PlotBoard::waiting() {
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < m_items.size(); ++i) {
    if (!m_items[i].plot->isDirty())
      m_turns[i].dirtySince = 0;
    else if (m_turns[i].dirtySince == 0)
      m_turns[i].dirtySince = m_frame;
    if (m_items[i].plot->isDirty() && isOnScreen(*m_items[i].plot)) list.push_back(i);
  }
  std::stable_sort(list.begin(), list.end(),
                   [this](std::size_t a, std::size_t b) { return priority(a) < priority(b); });
  return list;
}

/// Smaller is sooner. The plot under the mouse passes those that have not waited for long.
std::int64_t PlotBoard::priority(std::size_t index) const {
  const std::int64_t since = m_turns[index].dirtySince;
  return m_items[index].plot->underMouse() ? std::min(since, m_frame - patience) : since;
}

void PlotBoard::redraw(std::size_t index) {
  QElapsedTimer spent;
  spent.start();
  m_items[index].plot->refresh();
  const double cost = static_cast<double>(spent.nsecsElapsed()) * 1e-6;
  Turn& turn = m_turns[index];
  turn.costMs = turn.costMs == 0 ? cost : 0.7 * turn.costMs + 0.3 * cost;
  turn.dirtySince = 0;
}

bool PlotBoard::refresh(int budgetMs) {
  ++m_frame;
  QElapsedTimer spent;
  spent.start();
  bool drawn = false, left = false;
  for (const std::size_t i : waiting()) {
    const double now = static_cast<double>(spent.nsecsElapsed()) * 1e-6;
    if (drawn && now + m_turns[i].costMs > budgetMs) {
      left = true;  // a cheaper one behind it may still fit
      continue;
    }
    redraw(i);
    drawn = true;
  }
  return left;
}

void PlotBoard::applyTheme(const Theme& theme) {
  for (const Item& item : m_items) item.plot->applyTheme(theme);
}

void PlotBoard::setOutdated(bool outdated) {
  for (const Item& item : m_items)
    if (!showsMetaTraining(item.entry->id)) item.plot->setOutdated(outdated);
}

void PlotBoard::setPaused(bool paused) {
  for (const Item& item : m_items)
    if (!showsMetaTraining(item.entry->id)) item.plot->setPaused(paused);
}

}  // namespace ergo
