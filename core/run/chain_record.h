// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "core/run/chain.h"

namespace ergo {

/// Chains as they go from one process to another: the safetensors format, every bit of the draws
/// and of other numbers kept. Traces and the points of the trajectory plane stay where they were
/// made.
std::string encode_chains(const std::vector<Chain*>& chains);

/// Fills as many chains from the bytes. @throws Error{io} when they are no records of such chains:
/// another number of chains, draws of another size or type, or more than planned.
void fill_chains(const std::string& bytes, const std::vector<Chain*>& chains,
                 const Experiment& experiment);

}  // namespace ergo
