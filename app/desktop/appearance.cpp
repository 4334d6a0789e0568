// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/appearance.h"

#include <QApplication>

namespace ergo {
namespace {

/// Qt 6.4 has no QStyleHints::colorScheme(): the lightness of the desktop's palette tells.
bool desktopIsDark() {
  QApplication::setPalette(QPalette());  // back to what the desktop says
  return QApplication::palette().color(QPalette::Window).lightness() < 128;
}

}  // namespace

Theme applyAppearance(const QString& name) {
  const bool dark =
      name == QLatin1String("dark") || (name != QLatin1String("light") && desktopIsDark());
  const Theme theme = dark ? Theme::night() : Theme::light();
  QApplication::setPalette(applicationPalette(theme));
  return theme;
}

}  // namespace ergo
