// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/dock_layout.h"

namespace ergo {
namespace {

constexpr int widest_left = 380;              // of the column of presets and settings
constexpr QSize smallest_for_all(1450, 900);  // a window that has room for every picture at once

}  // namespace

QDockWidget* DockLayout::add(const QString& id, const QString& title, QWidget* content) {
  auto* dock = new QDockWidget(title, m_window);
  dock->setObjectName(QStringLiteral("dock.") + id);
  dock->setAccessibleName(title);
  dock->setWidget(content);
  dock->toggleViewAction()->setObjectName(QStringLiteral("show.") + id);
  dock->toggleViewAction()->setToolTip(QMainWindow::tr("Shows or hides this panel"));
  m_docks.insert(id, dock);
  return dock;
}

void DockLayout::tabify(const QString& first, std::initializer_list<const char*> others) {
  for (const char* other : others)
    if (dock(QLatin1String(other)))
      m_window->tabifyDockWidget(dock(first), dock(QLatin1String(other)));
}

bool DockLayout::isCompact() const {
  return m_window->width() < smallest_for_all.width() ||
         m_window->height() < smallest_for_all.height();
}

void DockLayout::placeLeft() {
  for (const char* id : {"gallery", "settings", "metaTraining"})
    dock(QLatin1String(id))->widget()->setMaximumWidth(widest_left);
  m_window->addDockWidget(Qt::LeftDockWidgetArea, dock("gallery"));
  m_window->splitDockWidget(dock("gallery"), dock("settings"), Qt::Vertical);
  tabify("gallery", {"metaTraining"});
}

/// Three rows: predictive; trace, trajectory (curves behind), reliability; measures (runs and log
/// behind) and diversity.
void DockLayout::placeRight() {
  m_window->addDockWidget(Qt::RightDockWidgetArea, dock("predictive"));
  m_window->splitDockWidget(dock("predictive"), dock("trace"), Qt::Vertical);
  m_window->splitDockWidget(dock("trace"), dock("metrics"), Qt::Vertical);
  m_window->splitDockWidget(dock("trace"), dock("trajectory"), Qt::Horizontal);
  m_window->splitDockWidget(dock("trajectory"), dock("reliability"), Qt::Horizontal);
  m_window->splitDockWidget(dock("metrics"), dock("diversity"), Qt::Horizontal);
  tabify("trace", {"meta"});
  tabify("trajectory", {"curves"});
  tabify("metrics", {"comparison", "log"});
}

/// Two rows: predictive; the other pictures and the measures, each place with tabs.
void DockLayout::placeRightCompact() {
  m_window->addDockWidget(Qt::RightDockWidgetArea, dock("predictive"));
  m_window->splitDockWidget(dock("predictive"), dock("trace"), Qt::Vertical);
  m_window->splitDockWidget(dock("trace"), dock("metrics"), Qt::Horizontal);
  tabify("trace", {"trajectory", "curves", "diversity", "reliability", "meta"});
  tabify("metrics", {"comparison", "log"});
}

void DockLayout::setSizes() {
  const int height = std::max(m_window->height() - 110, 300);
  const int width = std::max(m_window->width(), 800);
  const int left = std::clamp(width / 5, 260, 340);
  const int right = width - left;
  m_window->resizeDocks({dock("gallery"), dock("predictive")}, {left, right}, Qt::Horizontal);
  m_window->resizeDocks({dock("gallery"), dock("settings")}, {height * 40 / 100, height * 60 / 100},
                        Qt::Vertical);
  if (isCompact()) {
    m_window->resizeDocks({dock("predictive"), dock("trace")},
                          {height * 50 / 100, height * 50 / 100}, Qt::Vertical);
    m_window->resizeDocks({dock("trace"), dock("metrics")}, {right * 55 / 100, right * 45 / 100},
                          Qt::Horizontal);
    return;
  }
  m_window->resizeDocks({dock("predictive"), dock("trace"), dock("metrics")},
                        {height * 38 / 100, height * 34 / 100, height * 28 / 100}, Qt::Vertical);
  m_window->resizeDocks({dock("trace"), dock("trajectory"), dock("reliability")},
                        {right * 38 / 100, right * 33 / 100, right * 29 / 100}, Qt::Horizontal);
  m_window->resizeDocks({dock("metrics"), dock("diversity")}, {right * 62 / 100, right * 38 / 100},
                        Qt::Horizontal);
}

void DockLayout::reset() {
  for (QDockWidget* dock : m_docks) {
    dock->setFloating(false);
    m_window->removeDockWidget(dock);
  }
  placeLeft();
  isCompact() ? placeRightCompact() : placeRight();
  for (QDockWidget* dock : m_docks) dock->show();
  for (const char* front : {"gallery", "trajectory", "trace", "metrics"})
    dock(QLatin1String(front))->raise();
  setSizes();
}

void DockLayout::raise(const QString& id) {
  if (QDockWidget* panel = dock(id)) {
    panel->show();
    panel->raise();
  }
}

}  // namespace ergo
