// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

#include "core/data/dataset.h"
#include "core/run/run.h"

namespace ergo {

/// The points of the test split for a result, original units.
TestPoints test_points(const Dataset& data);

/// The bytes of predictions.npz: `rows`, `targets`, and `<sampler>.outputs` and
/// `<sampler>.noise_sd` of every sampler that has draws (FORMAT.md, "Output folder").
std::string predictions_file(const RunResult& result);

}  // namespace ergo
