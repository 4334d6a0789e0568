// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/distributed/options.h"
#include "core/presets/preset.h"

namespace ergo {

/// The job in which several processes run `preset` with every seed of the list, one after the
/// other; one process alone when `options` are off. Free of torch.
/// @throws as make_peer_share(): {config} naming both sides when the processes differ in program,
/// preset, seeds, or the content of a file that the preset names.
std::unique_ptr<TaskShare> make_run_share(const Preset& preset,
                                          const std::vector<std::uint64_t>& seeds,
                                          const DistributedOptions& options, RunControl& control);

}  // namespace ergo
