// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "core/config/field.h"

namespace ergo {

/// The devices of this machine as offers of a form, described as they were when first asked for.
/// Thread-safe.
std::vector<Suggestion> device_suggestions();

}  // namespace ergo
