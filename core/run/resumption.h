// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/io/safetensors.h"
#include "core/run/chain_group.h"
#include "core/run/run_checkpoints.h"

namespace ergo {

/// How far a run is: all of its groups' chains and states, without the lists that former
/// checkpoints hold. A sampler that keeps what it needs in its ChainState needs nothing of its own.
struct GroupsProgress {
  nlohmann::json groups = nlohmann::json::array();  ///< text and whole numbers, one object a group
  io::SafeTensors state, lists;
  std::vector<ChainMark> marks;           ///< where the lists end, a mark a chain
  std::vector<std::size_t> trace_points;  ///< in the lists, a number a chain

  /// Adds the next group. @param marks where its chains' lists begin
  void add(const GroupState& state, const std::vector<ChainRecord>& chains,
           const std::vector<ChainMark>& marks);
};

/// What a run that goes on has taken over.
struct Resumption {
  std::vector<ChainMark> marks;  ///< a mark a chain, in the order of the groups
  double wall_seconds = 0.0;     ///< of the run so far
  std::int64_t resumed = 0;      ///< how often it has gone on, this time included
  std::int64_t lists = 0;        ///< files of lists that the checkpoints hold
  std::vector<std::string> warnings;
};

/// Moves the groups to where the newest checkpoint was; leaves them at their start where there is
/// none yet.
/// @param facts {"versions", "files_sha256"} of this run
/// @throws Error{config} naming the fact that is another one, {data} naming what is damaged.
Resumption resume(const RunCheckpoints& checkpoints, const Experiment& experiment,
                  const std::vector<ChainGroup*>& groups, const nlohmann::json& facts);

/// The state of a group as bytes, for another process, and the other way round.
/// @throws std::exception for bytes that are no state of such a group.
std::string encode_state(ChainGroup& group);
void restore_state(const std::string& bytes, ChainGroup& group);

}  // namespace ergo
