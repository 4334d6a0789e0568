// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/task.h"

namespace ergo {

TaskBatches::TaskBatches(const MetaTask& task, RngKey key) : batch_(task.batch) {
  if (batch_ > 0) stream_.emplace(key, 0, task.posterior.data_count(), batch_);
}

void TaskBatches::bind(Potential& potential, std::int64_t t) {
  if (stream_) {
    potential.bind(stream_->rows(t), batch_);
  } else if (t == 1) {
    potential.bind_all();
  }
}

}  // namespace ergo
