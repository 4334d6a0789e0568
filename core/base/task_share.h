// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/control.h"
#include "core/base/error.h"

namespace ergo {

/// Some process of the job is gone or silent: save, end and be started again. Nothing can be shared
/// any more.
struct PeerLost : Error {
  explicit PeerLost(const std::string& message) : Error(ExitCode::temporary, message) {}
};

/// Work of a job that is done together: results that depend on their index alone, computed
/// anywhere, and used by everyone in the order of their index. So every process goes through the
/// same states, whatever their number. All processes make the same calls in the same order, from
/// one thread, and decide by the answers alone how to go on.
class TaskShare {
 public:
  /// The results of some indices, in their order: this process's part, on its workers or its
  /// device. Called on a thread of its own, one at a time. Once the control was stopped: what
  /// exists, at once.
  using Task = std::function<std::vector<std::string>(const std::vector<std::size_t>& indices)>;
  /// How far a long call has come; both on the caller's thread. Empty: nobody asks.
  struct Pulse {
    std::function<std::string()> say;              ///< of this process
    std::function<void(const std::string&)> hear;  ///< of every process, some times a second
  };

  struct Results {
    std::vector<std::string> bytes;  ///< by index
    bool stopped = false;            ///< some process was stopped: some are not whole
  };

  virtual ~TaskShare() = default;

  /// The results of all i < count; a stop of one process stops all. A process may take as long as
  /// it likes. @throws Error: what task threw anywhere (the same in every process); PeerLost.
  virtual Results results(std::size_t count, const Task& task, const Pulse& pulse) = 0;

  /// Calls `work` in every process; what it throws anywhere is thrown everywhere.
  virtual void together(const std::function<void()>& work) = 0;

  /// Whether some process was stopped: the same answer in all.
  virtual bool stopped() = 0;

  /// Calls `save` in rank 0 and returns when it has been done. @throws as results().
  virtual void commit(const std::function<void()>& save) = 0;

  virtual bool lowest() const = 0;    ///< rank 0, which writes and speaks; any thread
  virtual int processes() const = 0;  ///< that the job was started with
  virtual void finish() = 0;          ///< last call
};

/// What rank 0 has to say, in all processes. @throws as TaskShare::results().
std::string told_by_first(TaskShare& share, const std::function<std::string()>& tell);

/// One process alone.
std::unique_ptr<TaskShare> make_local_share(RunControl& control);

}  // namespace ergo
