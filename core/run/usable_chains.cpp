// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/usable_chains.h"

#include <algorithm>

#include "core/base/torch.h"

namespace ergo {

std::vector<UsableChain> usable_chains(const std::vector<Chain*>& chains) {
  std::vector<UsableChain> list;
  for (const bool halted : {false, true}) {
    if (halted && !list.empty()) break;
    for (const Chain* chain : chains) {
      auto draws = chain->draws();
      if (chain->divergence() || draws.empty() || chain->halted().has_value() != halted) continue;
      list.push_back({chain, std::move(draws)});
    }
  }
  std::size_t shortest = static_cast<std::size_t>(-1);
  for (const UsableChain& usable : list) shortest = std::min(shortest, usable.draws.size());
  for (UsableChain& usable : list) usable.draws.resize(shortest);
  return list;
}

}  // namespace ergo
