// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/layout.h"

#include <utility>

namespace ergo {

std::int64_t ParameterLayout::size_of(const BlockInfo& block) {
  std::int64_t size = 1;
  for (const std::int64_t extent : block.shape) size *= extent;
  return size;
}

void ParameterLayout::add(std::string name, std::vector<std::int64_t> shape) {
  blocks_.push_back({std::move(name), std::move(shape), size_});
  size_ += size_of(blocks_.back());
}

}  // namespace ergo
