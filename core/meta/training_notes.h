// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <map>
#include <string>

#include "core/meta/trainer.h"

namespace ergo {

/// What a file of trained parameters says of its training: the metadata that FORMAT.md lists.
/// @param transfer  the family whose score chose the parameters, or null.
std::map<std::string, std::string> training_notes(const Training& training,
                                                  const std::string& preset, const MetaState& state,
                                                  const TaskFamily* transfer);

}  // namespace ergo
