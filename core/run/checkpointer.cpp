// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/checkpointer.h"

#include <spdlog/fmt/fmt.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/parallel.h"
#include "core/base/torch.h"

namespace ergo {
namespace {

using nlohmann::json;

double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

Checkpointer::Checkpointer(RunCheckpoints& checkpoints, const Experiment& experiment,
                           std::vector<ChainGroup*> groups, Resumption taken, json facts,
                           Emitter& emit)
    : checkpoints_(checkpoints),
      experiment_(experiment),
      groups_(std::move(groups)),
      taken_(std::move(taken)),
      facts_(std::move(facts)),
      emit_(emit) {
  std::size_t chains = 0;
  for (const ChainGroup* group : groups_) {
    for (Chain* chain : group->chains()) chain->keep_trace();
    chains += group->chains().size();
  }
  taken_.marks.resize(chains);
  trace_points_.resize(chains);
}

void Checkpointer::start(Scheduler& scheduler) {
  scheduler_ = &scheduler;
  begin();
  thread_ = std::jthread([this] { loop(); });
}

void Checkpointer::begin() {
  if (taken_.resumed == 0) guarded([this] { checkpoints_.write(); });
}

void Checkpointer::make() {
  guarded([this] { write(); });
}

void Checkpointer::join() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

/// Where all has ended and took less than the interval, the result says everything.
void Checkpointer::finish() {
  join();
  const bool ended = std::all_of(groups_.begin(), groups_.end(),
                                 [](const ChainGroup* group) { return group->finished(); });
  if (!ended || written_ > 1) guarded([this] { write(); });
}

void Checkpointer::loop() {
  const torch::NoGradGuard no_grad;
  limit_library_threads();
  const auto interval = std::chrono::duration<double>(experiment_.config.checkpoint_seconds);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval, [this] { return stop_; })) {
    lock.unlock();
    guarded([this] { write(); });
    lock.lock();
  }
}

void Checkpointer::guarded(const std::function<void()>& write) {
  const double begin = thread_cpu_seconds();
  try {
    write();
    ++written_;
  } catch (const std::exception& error) {
    emit_(LogMessage{0, "warning",
                     fmt::format("The checkpoint failed: {}; the next one is tried in {} s.",
                                 error.what(), experiment_.config.checkpoint_seconds)});
  }
  cpu_seconds_ += thread_cpu_seconds() - begin;
}

/// Copied between two slices, put into archives afterwards.
void Checkpointer::add(std::size_t number, std::size_t first, GroupsProgress& progress) {
  ChainGroup& group = *groups_[number];
  const std::size_t count = group.chains().size();
  const auto begin = taken_.marks.begin() + static_cast<std::ptrdiff_t>(first);
  const std::vector<ChainMark> marks(begin, begin + static_cast<std::ptrdiff_t>(count));
  GroupState state;
  std::vector<ChainRecord> records;
  const auto copy = [&] {
    state = group.state();
    for (std::size_t c = 0; c < count; ++c) {
      group.chains()[c]->forget_trace(std::exchange(trace_points_[first + c], 0));
      records.push_back(group.chains()[c]->record(marks[c]));
    }
  };
  scheduler_ ? scheduler_->between_slices(number, copy) : copy();
  progress.add(state, records, marks);
}

void Checkpointer::write() {
  GroupsProgress progress;
  for (std::size_t g = 0, first = 0; g < groups_.size(); first += groups_[g++]->chains().size())
    add(g, first, progress);
  io::CheckpointFolder::Files files;
  files["state.safetensors"] = io::serialise(progress.state);
  const std::int64_t lists = taken_.lists + (progress.lists.arrays.empty() ? 0 : 1);
  if (lists > taken_.lists)
    files[fmt::format("draws/{:08}.safetensors", lists)] = io::serialise(progress.lists);
  std::int64_t bytes = 0;
  for (const auto& [name, content] : files) bytes += static_cast<std::int64_t>(content.size());
  checkpoints_.write({{"facts", facts_},
                      {"wall_seconds", wall_seconds()},
                      {"resumed", taken_.resumed},
                      {"groups", progress.groups}},
                     std::move(files));
  bytes_ += bytes;
  taken_.lists = lists;
  taken_.marks = progress.marks;
  trace_points_ = progress.trace_points;
}

double Checkpointer::wall_seconds() const {
  return taken_.wall_seconds +
         std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

json Checkpointer::cost() const {
  return {{"written", written_}, {"cpu_seconds", cpu_seconds_}, {"bytes", bytes_}};
}

}  // namespace ergo
