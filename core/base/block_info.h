// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace ergo {

/// Where a block of a flat position lies ("layers.0.weight", ...).
struct BlockInfo {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t offset = 0;
};

}  // namespace ergo
