// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/distributed/options.h"
#include "core/run/control.h"

namespace ergo {

/// Work of a job that is done together: numbers that depend on their index alone, computed
/// anywhere, and used by everyone in the order of their index. So every process goes through the
/// same states, whatever their number. All processes make the same calls in the same order.
class TaskShare {
 public:
  /// The values of some indices, in their order: this process's part, on its workers or its device.
  using Task = std::function<std::vector<double>(const std::vector<std::size_t>& indices)>;

  virtual ~TaskShare() = default;

  /// The values of all i < count, in index order; nothing when some process was stopped meanwhile, which
  /// all learn of in the same call. @throws Error: what task threw anywhere (the same in every
  /// process), {temporary} when this process was left out, GroupLost.
  virtual std::optional<std::vector<double>> values(std::size_t count, const Task& task) = 0;

  /// Calls `save` in the lowest living process and returns when it has been done; if that process
  /// dies, in the next one. @throws as values().
  virtual void commit(const std::function<void()>& save) = 0;

  virtual bool lowest() const = 0;  ///< this process writes and speaks
  virtual void finish() = 0;        ///< last call
};

/// One process alone.
std::unique_ptr<TaskShare> make_local_share(RunControl& control);

/// `facts`: what the processes must have in common. @throws as PeerGroup.
std::unique_ptr<TaskShare> make_peer_share(const DistributedOptions& options,
                                           std::vector<Fact> facts, RunControl& control);

}  // namespace ergo
