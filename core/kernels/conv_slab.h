// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

namespace ergo {

/// How convolutions lay images out: `tile` examples side by side, two vectors of the instruction
/// set in use, are a slab [channels, height + 2, width + 2, tile] whose border is zero. So every
/// number of examples fills whole vectors at every image size, and a tap outside the image needs no
/// case of its own.
struct SlabShape {
  std::int64_t height = 0, width = 0, tile = 0;

  std::int64_t line() const { return (width + 2) * tile; }
  /// An odd number of tiles: planes a power of two apart would meet in the same lines of a cache.
  std::int64_t plane() const { return ((height + 2) * (width + 2) | 1) * tile; }
  /// Where the examples of a pixel begin in a plane; -1 and height or width are the border.
  std::int64_t at(std::int64_t y, std::int64_t x) const {
    return ((y + 1) * (width + 2) + x + 1) * tile;
  }
};

}  // namespace ergo
