// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>

#include "app/desktop/main_window.h"

namespace ergo {

/// The desktop program from its arguments to its exit status: reads options, opens the window, and
/// returns when that is closed and nothing runs or writes any more. Once a process.
/// `watch` sees the window before it is shown; a measurement connects to its signals there.
int runProgram(int argc, char** argv, const std::function<void(MainWindow&)>& watch = {});

}  // namespace ergo
