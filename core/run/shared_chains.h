// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <vector>

#include "core/base/task_share.h"
#include "core/run/chain_group.h"

namespace ergo {

/// Moves the groups together with the other processes of the job: each its own share on `workers`
/// threads. Afterwards all chains are here as if this process had moved them. Meanwhile the chains
/// of others show how far they are.
/// @throws as TaskShare::results().
void move_together(TaskShare& share, const Experiment& experiment,
                   const std::vector<ChainGroup*>& groups, int workers, RunControl& control);

}  // namespace ergo
