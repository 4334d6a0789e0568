// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAction>
#include <QActionGroup>
#include <QMainWindow>
#include <QUndoGroup>

#include "app/desktop/run_controller.h"

namespace ergo {

/// Every command of the window, once. Menus, tool bar and shortcut sheet are made from these.
struct Actions {
  QAction *openPreset, *savePreset, *saveResult, *exportFigure, *exportAll, *quit;
  QAction *undo, *redo;
  QAction *run, *pause, *step, *stop;
  QAction *resetLayout, *fullScreen;
  QAction *shortcuts, *about;
  QActionGroup* theme;  ///< data(): "system", "light" or "dark"
};

/// Makes the actions, named and with tool tips, as children of `window`, connected to nothing.
Actions makeActions(QMainWindow* window, QUndoGroup* history);

/// Which commands make sense: no step of an idle run, no second run beside a first.
void enableActions(const Actions& actions, RunState state, bool presetOpen, bool hasResult);

/// Icons in the present text colour; called again after a change of theme.
void refreshIcons(const Actions& actions, const QColor& colour, RunState state);

}  // namespace ergo
