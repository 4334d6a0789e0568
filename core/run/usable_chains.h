// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <vector>

#include "core/run/chain.h"

namespace ergo {

/// A chain whose draws count, and those draws, [params] each.
struct UsableChain {
  const Chain* chain = nullptr;
  std::vector<torch::Tensor> draws;
};

/// Chains with draws and without divergence, in their order, cut to the same number of draws each.
/// One that the machine cut short counts only where no other chain has draws, because it would
/// shorten them all.
std::vector<UsableChain> usable_chains(const std::vector<Chain*>& chains);

}  // namespace ergo
