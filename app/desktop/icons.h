// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QColor>
#include <QIcon>

namespace ergo {

enum class Glyph { play, pause, step, stop };

/// A transport symbol drawn in `colour` (and half transparent when disabled), sharp at any scale.
QIcon transportIcon(Glyph glyph, const QColor& colour);

/// The application's icon: a posterior band through three data points.
QIcon applicationIcon();

}  // namespace ergo
