// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/presets/preset.h"

namespace ergo {

/// Step sizes are tuned per budget: puts in the values of the tuned table's largest budget within
/// the preset's, else of the smallest; fields that the user has set stay.
void apply_tuned(Preset& preset);

}  // namespace ergo
