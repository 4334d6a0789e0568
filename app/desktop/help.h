// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QMainWindow>

namespace ergo {

/// Opens the list of keys, made from the window's actions, and of mouse gestures. Not modal.
void showShortcuts(QMainWindow* window);

/// Opens version, licence and third-party notices.
void showAbout(QMainWindow* window);

}  // namespace ergo
