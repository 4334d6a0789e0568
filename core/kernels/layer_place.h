// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

namespace ergo {

/// Where the weights and biases of one layer begin in a flat position.
struct LayerPlace {
  std::int64_t weight = 0, bias = 0;
};

}  // namespace ergo
