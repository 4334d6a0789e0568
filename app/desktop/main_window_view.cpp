// SPDX-License-Identifier: GPL-3.0-or-later
// Theme, layout and what is remembered of them.
#include <QApplication>
#include <QEvent>
#include <QSettings>
#include <QTimer>

#include "app/desktop/appearance.h"
#include "app/desktop/comparison_panel.h"
#include "app/desktop/help.h"
#include "app/desktop/main_window.h"
#include "app/desktop/measures_panel.h"
#include "app/desktop/notice_bar.h"
#include "app/desktop/run_toolbar.h"
#include "app/desktop/workers_field.h"

namespace ergo {

void MainWindow::connectActions() {
  const auto on = [this](QAction* action, auto slot) {
    connect(action, &QAction::triggered, this, slot);
  };
  on(m_actions.openPreset, [this] { askPreset(); });
  on(m_actions.savePreset, [this] { askPresetTarget(); });
  on(m_actions.saveResult, [this] { askResultFolder(); });
  on(m_actions.exportFigure, [this] { openExportDialog(); });
  on(m_actions.exportAll, [this] { askFigureFolder(); });
  on(m_actions.quit, [this] { close(); });
  on(m_actions.run, [this] { startRun(); });
  on(m_actions.pause, [this] { m_runs->togglePause(); });
  on(m_actions.step, [this] { m_runs->step(); });
  on(m_actions.stop, [this] { m_runs->stop(); });
  on(m_actions.resetLayout, [this] { m_layout.reset(); });
  on(m_actions.fullScreen, [this](bool full) { full ? showFullScreen() : showNormal(); });
  on(m_actions.shortcuts, [this] { showShortcuts(this); });
  on(m_actions.about, [this] { showAbout(this); });
  connect(m_actions.theme, &QActionGroup::triggered, this,
          [this](const QAction* action) { setTheme(action->data().toString()); });
}

void MainWindow::setTheme(const QString& name) {
  m_theme = name;
  for (QAction* action : m_actions.theme->actions())
    action->setChecked(action->data().toString() == name);
  const Theme theme = applyAppearance(name);
  m_board->applyTheme(theme);
  m_measures->applyTheme(theme);
  m_comparison->applyTheme(theme);
  m_notices->applyTheme(theme.dark);
  refreshIcons(m_actions, theme.text, m_runs->state());
  m_clock->request();
}

void MainWindow::restoreView() {
  QString theme = m_theme;
  if (m_services.remember)
    theme = QSettings().value(QStringLiteral("view/theme"), theme).toString();
  setTheme(theme);
  m_layout.reset();
  if (!m_services.remember) return;
  const QSettings settings;
  m_toolbar->workers()->restore(settings.value(QStringLiteral("run/workers")).toInt());
  restoreGeometry(settings.value(QStringLiteral("view/geometry")).toByteArray());
  const QByteArray state = settings.value(QStringLiteral("view/layout")).toByteArray();
  m_laidOut = !state.isEmpty() && restoreState(state, DockLayout::version);
  m_notices->refresh();
}

void MainWindow::rememberView() {
  if (!m_services.remember) return;
  QSettings settings;
  settings.setValue(QStringLiteral("view/theme"), m_theme);
  settings.setValue(QStringLiteral("run/workers"), m_toolbar->workers()->workers());
  settings.setValue(QStringLiteral("view/geometry"), saveGeometry());
  settings.setValue(QStringLiteral("view/layout"), saveState(DockLayout::version));
}

/// Sizes of panels can be set only once the window has its real size.
void MainWindow::showEvent(QShowEvent* event) {
  QMainWindow::showEvent(event);
  if (m_laidOut) return;
  m_laidOut = true;
  QTimer::singleShot(0, this, [this] { m_layout.reset(); });
}

void MainWindow::changeEvent(QEvent* event) {
  QMainWindow::changeEvent(event);
  if (event->type() != QEvent::ActivationChange && event->type() != QEvent::WindowStateChange)
    return;
  if (!m_clock) return;
  m_clock->setRelaxed(isMinimized() || !QApplication::activeWindow());
  m_clock->request();
}

bool MainWindow::event(QEvent* event) {
  if (event->type() == QEvent::ThemeChange && m_theme == QLatin1String("system")) setTheme(m_theme);
  return QMainWindow::event(event);
}

}  // namespace ergo
