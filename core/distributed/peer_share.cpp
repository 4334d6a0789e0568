// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/distributed/own_work.h"
#include "core/distributed/peer_group.h"
#include "core/distributed/task_share.h"

namespace ergo {
namespace {

using namespace std::chrono_literals;

/// Operations are counted. A member that dies in one leaves some of the others with its outcome
/// and some without; nobody can be further ahead than one operation, because each needs everyone.
/// So after a loss all compare their counts: who is behind takes over the outcome of who is ahead,
/// else the operation goes on, with every result that anybody has already. What a living process is
/// at work on stays its own; the rest is shared out anew.
class PeerShare final : public TaskShare {
 public:
  PeerShare(const DistributedOptions& options, std::vector<Fact> facts, RunControl& control)
      : options_(options),
        control_(control),
        group_(options, std::move(facts), control),
        own_(options_, control),
        lowest_(group_.lowest()),
        disagree_(group_.epoch() > 0) {}

  Results results(std::size_t count, const Task& task, const Pulse& pulse) override {
    const PeerMessage& outcome = operate([&] { return worked(count, task, pulse); });
    const auto& values = outcome.values;
    if (values.size() != count || (count > 0 && values.rbegin()->first != count - 1)) {
      throw Error(ExitCode::internal,
                  fmt::format("The processes returned {} of {} results.", values.size(), count));
    }
    Results all{{}, heard_stop(outcome)};
    for (const auto& [index, bytes] : values) all.bytes.push_back(bytes);
    return all;
  }

  void together(const std::function<void()>& work) override {
    std::optional<PeerMessage> mine;  // once, also when the operation is repeated
    operate([&] {
      if (!mine) mine.emplace().attempt(work);
      return *mine;
    });
  }

  bool stopped() override {
    return heard_stop(operate([this] {
      PeerMessage mine;
      if (control_.stopped()) mine.state = stop_state(control_);
      return mine;
    }));
  }

  void commit(const std::function<void()>& save) override {
    operate([&] {
      options_.enter("checkpoint");
      PeerMessage mine;
      if (!group_.lowest()) return mine;
      group_.require_membership();  // one that slept must not write over newer files
      mine.attempt(save);
      return mine;
    });
  }

  bool lowest() const override { return lowest_; }
  int processes() const override { return options_.processes; }
  void finish() override { group_.finish(encode(last_)); }

 private:
  using Prepare = std::function<PeerMessage()>;

  const PeerMessage& operate(const Prepare& prepare) {
    own_.clear();
    if (shared_operation_ != operation_) {
      shared_.clear();
      taken_.clear();
    }
    std::optional<PeerMessage> outcome;
    try {
      while (!outcome) {
        outcome = attempt_operation(prepare);
        if (!outcome) outcome = regroup();
      }
    } catch (const Error& error) {
      abandon();
      if (error.code() != ExitCode::io) throw;
      throw GroupLost(error.what());  // the folder's error; failures of work are in the outcome
    }
    return end(std::move(*outcome));
  }

  std::optional<PeerMessage> attempt_operation(const Prepare& prepare) {
    try {
      if (disagree_) {
        if (auto outcome = agree()) return outcome;
      }
      PeerMessage mine = prepare();
      mine.operation = operation_;
      options_.enter("gather");
      PeerMessage outcome;
      for (const PeerMessage& message : gather(mine)) outcome.merge(message);
      outcome.values.insert(shared_.begin(), shared_.end());
      outcome.operation = operation_;
      return outcome;
    } catch (const PeerLost&) {
      return std::nullopt;
    }
  }

  /// This process's part, with those that nobody has or is at work on; returns when all are done.
  PeerMessage worked(std::size_t count, const Task& task, const Pulse& pulse) {
    std::vector<std::size_t> open, part;
    for (std::size_t i = 0; i < count; ++i) {
      if (!shared_.contains(i) && !taken_.contains(i)) open.push_back(i);
    }
    for (std::size_t j = group_.position(); j < open.size(); j += group_.members().size()) {
      part.push_back(open[j]);
    }
    own_.add(part, task);
    taken_.insert(open.begin(), open.end());
    const auto longest = std::chrono::milliseconds(
        std::max(1, static_cast<int>(1000.0 * std::min(1.0, options_.peer_timeout / 4.0))));
    for (auto patience = std::min(longest, 50ms); !beat(patience, pulse);) {
      patience = std::min(longest, 2 * patience);
    }
    PeerMessage mine = own_.message();
    for (const auto& [index, bytes] : shared_) mine.values.erase(index);
    return mine;
  }

  /// Tells and hears who is still at work, so that nobody who works for long counts as lost.
  /// @return whether all are done.
  bool beat(std::chrono::milliseconds patience, const Pulse& pulse) {
    const bool done = own_.wait(patience);
    options_.enter("beat");
    bool all_done = true;
    for (const std::string& text :
         group_.all_gather((done ? "d" : "w") + (pulse.say ? pulse.say() : ""))) {
      if (text.empty())
        throw Error(ExitCode::io, "A process of the job sent something that is no beat.");
      all_done = all_done && text.front() == 'd';
      if (pulse.hear) pulse.hear(text.substr(1));
    }
    return all_done;
  }

  /// @return an outcome when the others have finished: this was their last operation too.
  std::optional<PeerMessage> regroup() {
    disagree_ = true;
    const std::optional<std::string> last_words = group_.regroup();
    lowest_ = group_.lowest();
    if (!last_words) return std::nullopt;
    PeerMessage outcome = decode(*last_words);
    if (outcome.operation == operation_) return outcome;
    throw GroupLost("Another process of the job ended before its work was done.");
  }

  std::vector<PeerMessage> gather(const PeerMessage& mine) {
    std::vector<PeerMessage> all;
    for (const std::string& bytes : group_.all_gather(encode(mine))) all.push_back(decode(bytes));
    return all;
  }

  /// Which results of the present operation this process has, and which it is at work on.
  PeerMessage status() const {
    PeerMessage message;
    message.operation = operation_;
    for (const std::size_t i : own_.claims()) message.values[i] = at_work;
    for (const auto& [i, bytes] : own_.done()) message.values[i] = has;
    for (const auto& [i, bytes] : shared_) message.values[i] = has;
    return message;
  }

  /// After a loss. @return this operation's outcome where another process has it.
  std::optional<PeerMessage> agree() {
    const std::vector<PeerMessage> all = gather(status());
    const auto less = [](const PeerMessage& a, const PeerMessage& b) {
      return a.operation < b.operation;
    };
    const auto first = std::max_element(all.begin(), all.end(), less);  // the first of the furthest
    const auto teller = static_cast<std::size_t>(first - all.begin());
    const std::int64_t furthest = first->operation;
    const bool needed = std::min_element(all.begin(), all.end(), less)->operation < furthest;
    const bool tells = needed && teller == group_.position();
    const std::vector<PeerMessage> ends = gather(tells ? last_ : PeerMessage());
    const std::vector<PeerMessage> begun = gather(told_by_me(all, furthest));
    std::map<std::size_t, std::string> known;
    taken_.clear();
    for (std::size_t m = 0; m < all.size(); ++m) {
      if (all[m].operation != furthest) continue;
      known.insert(begun[m].values.begin(), begun[m].values.end());
      for (const auto& [i, what] : all[m].values) taken_.insert(i);
    }
    shared_ = std::move(known);
    shared_operation_ = furthest;
    disagree_ = false;
    if (furthest == operation_) return std::nullopt;
    return ends[teller];
  }

  /// Every result is told by the first that has it.
  PeerMessage told_by_me(const std::vector<PeerMessage>& all, std::int64_t furthest) const {
    PeerMessage mine;
    std::set<std::size_t> told;
    for (std::size_t m = 0; m < all.size(); ++m) {
      if (all[m].operation != furthest) continue;
      for (const auto& [i, what] : all[m].values) {
        if (what != has || !told.insert(i).second || m != group_.position()) continue;
        mine.values[i] = shared_.contains(i) ? shared_.at(i) : own_.done().at(i);
      }
    }
    return mine;
  }

  /// The group goes on without this process, or not at all: no use in finishing the work.
  void abandon() {
    if (!own_.busy()) return;
    group_.stop_watching();  // the others are not to stop
    control_.stop();
    own_.clear();
  }

  /// All take part in a stop, also those whom the word of it has not reached yet.
  bool heard_stop(const PeerMessage& outcome) {
    const bool again = outcome.state == PeerMessage::State::stopped_again;
    const bool stopped = again || outcome.state == PeerMessage::State::stopped;
    if (stopped) control_.stop(again ? Stop::again : Stop::end);
    return stopped;
  }

  const PeerMessage& end(PeerMessage outcome) {
    last_ = std::move(outcome);
    ++operation_;
    if (last_.state == PeerMessage::State::failed) {
      throw Error(static_cast<ExitCode>(last_.code), last_.text);
    }
    return last_;
  }

  static constexpr const char* has = "h";
  static constexpr const char* at_work = "w";

  DistributedOptions options_;
  RunControl& control_;
  PeerGroup group_;
  OwnWork own_;
  std::atomic<bool> lowest_;
  std::int64_t operation_ = 0, shared_operation_ = 0;
  PeerMessage last_;                           ///< outcome of the operation before
  std::map<std::size_t, std::string> shared_;  ///< of the present operation, known to all
  std::set<std::size_t> taken_;                ///< that some living process has or is at work on
  bool disagree_;  ///< agree() comes first in every group but the one of all processes
};

}  // namespace

std::unique_ptr<TaskShare> make_peer_share(const DistributedOptions& options,
                                           std::vector<Fact> facts, RunControl& control) {
  return std::make_unique<PeerShare>(options, std::move(facts), control);
}

}  // namespace ergo
