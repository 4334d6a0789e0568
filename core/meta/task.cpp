// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/task.h"

#include <span>
#include <vector>

namespace ergo {

TaskBatches::TaskBatches(const MetaTask& task, RngKey key, std::int64_t chains)
    : batch_(task.batch), chains_(chains) {
  if (batch_ > 0) stream_.emplace(key, 0, task.posterior.data_count(), batch_);
}

void TaskBatches::bind(Potential& potential, std::int64_t t) {
  if (stream_) {
    const std::span<const std::int64_t> own = stream_->rows(t);
    if (chains_ == 1) return potential.bind(own, batch_);
    std::vector<std::int64_t> rows;
    for (std::int64_t c = 0; c < chains_; ++c) rows.insert(rows.end(), own.begin(), own.end());
    potential.bind(rows, batch_);
  } else if (t == 1) {
    potential.bind_all();
  }
}

}  // namespace ergo
