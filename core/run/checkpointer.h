// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "core/events/emitter.h"
#include "core/run/resumption.h"
#include "core/run/scheduler.h"

namespace ergo {

/// Makes the checkpoints of a run while its chains move, on a thread of its own: a group waits only
/// while its state is copied, between two slices. Groups are copied one after the other, because
/// they do not know each other. What cannot be written is a warning; the next one holds it too.
class Checkpointer {
 public:
  /// @param taken  what resume() gave  @param facts  {"versions", "files_sha256"} of this run
  Checkpointer(RunCheckpoints& checkpoints, const Experiment& experiment,
               std::vector<ChainGroup*> groups, Resumption taken, nlohmann::json facts,
               Emitter& emit);
  ~Checkpointer() { join(); }

  /// A first one that tells the job, unless the run goes on; then one every `checkpoint_seconds`.
  /// @param scheduler  of the same groups; outlives finish()
  void start(Scheduler& scheduler);
  /// The same without a scheduler and by hand, while the chains stand still.
  void begin();
  void make();
  /// Once the chains stand still: the last one, of what has not ended.
  void finish();

  double wall_seconds() const;  ///< of the run, with those before it went on
  nlohmann::json cost() const;  ///< {"written", "cpu_seconds", "bytes"} of those of this process

 private:
  void join();
  void loop();
  void write();
  void add(std::size_t number, std::size_t first, GroupsProgress& progress);
  void guarded(const std::function<void()>& write);

  RunCheckpoints& checkpoints_;
  const Experiment& experiment_;
  std::vector<ChainGroup*> groups_;
  Resumption taken_;
  nlohmann::json facts_;
  Emitter& emit_;
  Scheduler* scheduler_ = nullptr;
  std::vector<std::size_t> trace_points_;  ///< per chain: points of the trace in the last lists
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::int64_t written_ = 0, bytes_ = 0;
  double cpu_seconds_ = 0.0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::jthread thread_;
};

}  // namespace ergo
