// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/control.h"
#include "core/base/error.h"
#include "core/base/program.h"
#include "core/distributed/exchange.h"
#include "core/distributed/options.h"
#include "core/distributed/process_identity.h"

namespace ergo {

/// The living processes can no longer agree (the shared folder is gone, say): save and be queued
/// again. Not thrown in a process that the others left out, which must not save.
struct GroupLost : Error {
  explicit GroupLost(const std::string& message) : Error(ExitCode::temporary, message) {}
};

/// The processes of one job that are still there, in groups numbered by epoch. Epoch 0 holds all;
/// when one is lost the others meet in the next epoch. Who is in it is decided by the first list
/// of members that is written ("first wins"), so that two halves never both go on.
///
/// In the folder: rank.R (who took rank R, and its facts), start (whether the job began), join.E.R
/// and members.E of epoch E > 0, stop (somebody was asked to end), bye.R (R has finished).
///
/// Used by one thread; a thread of its own passes stops on, both ways, through `control`.
class PeerGroup {
 public:
  /// Meets the others. @throws Error{cannot_create} for a folder that another job uses or used,
  /// {config} naming the difference when two processes' facts differ, {temporary} saying how many
  /// came when some did not, {interrupted} when `control` was stopped meanwhile.
  PeerGroup(const DistributedOptions& options, std::vector<Fact> facts, RunControl& control);
  ~PeerGroup();
  PeerGroup(const PeerGroup&) = delete;
  PeerGroup& operator=(const PeerGroup&) = delete;

  int rank() const { return options_.rank; }
  const std::vector<int>& members() const { return members_; }  ///< ranks, ascending
  int epoch() const { return epoch_; }
  bool lowest() const { return members_.front() == options_.rank; }
  std::size_t position() const;  ///< of this process among the members

  /// Everyone's bytes, of any length, in the order of members(). @throws PeerLost, Error{io}.
  std::vector<std::string> all_gather(const std::string& mine);

  /// After PeerLost: the next group that can talk. @return nothing, or the last words of one that
  /// has finished. @throws Error{temporary} when they went on without this process, Error{io}.
  std::optional<std::string> regroup();

  /// @throws Error{temporary} when the others went on without this process.
  void require_membership() const;

  /// From now on a stop of this process is its own affair.
  void stop_watching();

  /// Last call: leaves `last_words` for those who are not as far. The lowest rank removes the
  /// folder once the whole job has ended; it stays when a process was left out that is not known to
  /// be gone.
  void finish(const std::string& last_words) noexcept;

 private:
  void claim();
  void meet();
  std::string read_claims();  ///< returns the missing ranks as text
  std::string verdict(const std::string& missing) const;
  void require_equal_facts() const;
  bool ended(int rank) const;
  bool all_ended() const;
  void wait_for_ends() const;
  void connect();
  std::optional<std::string> join_next();
  ExchangeGroup exchange_group() const;
  std::string broken() const;
  void watch(const std::stop_token& stop);

  DistributedOptions options_;
  std::vector<Fact> facts_;
  RunControl& control_;
  std::string kind_;
  SharedFolder folder_;
  std::map<int, ProcessIdentity> identities_;
  std::map<int, std::vector<Fact>> others_;
  std::vector<int> members_;
  int epoch_ = 0;
  std::unique_ptr<Exchange> exchange_;
  std::jthread watcher_;
};

}  // namespace ergo
