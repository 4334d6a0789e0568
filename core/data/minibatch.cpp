// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/minibatch.h"

#include <numeric>
#include <utility>

namespace ergo {

MinibatchStream::MinibatchStream(RngKey key, std::int64_t chain, std::int64_t count,
                                 std::int64_t batch)
    : key_(key.fold_in(static_cast<std::uint64_t>(chain))),
      batch_(batch),
      batches_per_epoch_(count / batch),
      order_(static_cast<std::size_t>(count)) {}

void MinibatchStream::shuffle(std::int64_t epoch) {
  std::iota(order_.begin(), order_.end(), std::int64_t{0});
  ScalarStream stream(key_.fold_in(static_cast<std::uint64_t>(epoch)));
  for (std::size_t i = order_.size(); i > 1; --i) {
    std::swap(order_[i - 1], order_[stream.integer(i)]);
  }
  epoch_ = epoch;
}

std::span<const std::int64_t> MinibatchStream::rows(std::int64_t t) {
  const std::int64_t epoch = (t - 1) / batches_per_epoch_;
  if (epoch != epoch_) shuffle(epoch);
  const std::int64_t start = ((t - 1) % batches_per_epoch_) * batch_;
  return std::span<const std::int64_t>(order_).subspan(static_cast<std::size_t>(start),
                                                       static_cast<std::size_t>(batch_));
}

}  // namespace ergo
