// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

namespace ergo {

/// A list that one thread appends to while others read it, without a lock: entries never move or
/// change, because the room for all of them is made at once. Entries beyond `capacity` are refused.
template <class T>
class PublishedList {
 public:
  explicit PublishedList(std::size_t capacity) : entries_(capacity) {}

  /// By one thread. @return false when the list is full.
  bool add(T entry) {
    const std::size_t count = count_.load(std::memory_order_relaxed);
    if (count == entries_.size()) return false;
    entries_[count] = std::move(entry);
    count_.store(count + 1, std::memory_order_release);
    return true;
  }
  std::size_t size() const { return count_.load(std::memory_order_acquire); }
  const T& operator[](std::size_t i) const { return entries_[i]; }  ///< i < an earlier size()

  /// Copies of the entries from number `first` on.
  std::vector<T> since(std::size_t first) const {
    const std::size_t count = size();
    if (first >= count) return {};
    return {entries_.begin() + static_cast<std::ptrdiff_t>(first),
            entries_.begin() + static_cast<std::ptrdiff_t>(count)};
  }

 private:
  std::vector<T> entries_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace ergo
