// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/block_info.h"

namespace ergo {

/// Names the blocks of a flat position: block b covers [offset, offset + size) of `params`,
/// in PyTorch names and axis order.
class ParameterLayout {
 public:
  void add(std::string name, std::vector<std::int64_t> shape);
  const std::vector<BlockInfo>& blocks() const { return blocks_; }
  std::int64_t size() const { return size_; }
  static std::int64_t size_of(const BlockInfo& block);

 private:
  std::vector<BlockInfo> blocks_;
  std::int64_t size_ = 0;
};

}  // namespace ergo
