// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ergo {

/// Longest vector of any instruction set: buffers are laid out once for all of them, so this must
/// not be HWY_MAX_BYTES, which belongs to the one being compiled.
inline constexpr std::size_t longest_vector_bytes = 64;

/// Numbers that may be read (and ignored) behind the last input.
inline constexpr std::int64_t row_padding = 64;

/// Columns of examples: a multiple of the longest tile, so that every pass may use whole ones.
template <class T>
constexpr std::int64_t padded(std::int64_t count) {
  constexpr auto tile = static_cast<std::int64_t>(2 * longest_vector_bytes / sizeof(T));
  return (count + tile - 1) / tile * tile;
}

/// Aligned numbers with room behind the end for whole vectors; zero when made.
template <class T>
class Scratch {
 public:
  void resize(std::int64_t count) {
    if (count == count_) return;
    const std::int64_t room = padded<T>(count) + padded<T>(1);
    data_ = hwy::AllocateAligned<T>(static_cast<std::size_t>(room));
    std::fill_n(data_.get(), room, T(0));
    count_ = count;
  }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  hwy::AlignedFreeUniquePtr<T[]> data_;
  std::int64_t count_ = 0;
};

}  // namespace ergo
