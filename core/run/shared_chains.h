// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "core/base/task_share.h"
#include "core/run/chain_group.h"
#include "core/run/checkpointer.h"

namespace ergo {

/// How far a group has come, for another process, where it stands still. @param marks  as
/// encode_chains() takes them.
std::string encode_progress(ChainGroup& group, std::vector<ChainMark>& marks);
/// Moves the group there. @throws Error{io} for bytes that are no progress of such a group.
void take_progress(const std::string& bytes, ChainGroup& group, const Experiment& experiment);

/// Moves the groups together with the other processes of the job, each its own share on `workers`
/// threads, from where rank 0's are. Every `checkpoint_seconds` and in the end all processes take
/// over how far the others have come, so that each stands where one process would, and rank 0 makes
/// a checkpoint. Meanwhile the chains of others show how far they are.
/// @param checkpointer  rank 0's; null elsewhere, and where none are made
/// @throws as TaskShare::results().
void move_together(TaskShare& share, const Experiment& experiment,
                   const std::vector<ChainGroup*>& groups, int workers, RunControl& control,
                   Checkpointer* checkpointer);

}  // namespace ergo
