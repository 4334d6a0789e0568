// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>

#include "widgets/theme.h"

namespace ergo {

/// Sets the application's palette. @param name "system", "light" or "dark"; anything else is
/// taken as "system". @return the theme that pictures should use now.
Theme applyAppearance(const QString& name);

}  // namespace ergo
