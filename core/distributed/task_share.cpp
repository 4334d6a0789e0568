// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/task_share.h"

#include <spdlog/fmt/fmt.h>

#include <map>
#include <numeric>

#include "core/base/error.h"
#include "core/distributed/peer_group.h"
#include "core/distributed/peer_message.h"

namespace ergo {
namespace {

class LocalShare final : public TaskShare {
 public:
  explicit LocalShare(RunControl& control) : control_(control) {}

  std::optional<std::vector<double>> values(std::size_t count, const Task& task) override {
    if (control_.stopped()) return std::nullopt;
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<double> values = task(all);
    if (control_.stopped()) return std::nullopt;  // some were cut short
    return values;
  }
  void commit(const std::function<void()>& save) override { save(); }
  bool lowest() const override { return true; }
  void finish() override {}

 private:
  RunControl& control_;
};

/// Operations are counted. A member that dies in one leaves some of the others with its outcome
/// and some without; nobody can be further ahead than one operation, because each needs everyone.
/// So after a loss all compare their counts: who is behind takes over the outcome of who is ahead,
/// else the operation is done again, with every value that anybody has already.
class PeerShare final : public TaskShare {
 public:
  PeerShare(const DistributedOptions& options, std::vector<Fact> facts, RunControl& control)
      : options_(options),
        control_(control),
        group_(options, std::move(facts), control),
        disagree_(group_.epoch() > 0) {}

  std::optional<std::vector<double>> values(std::size_t count, const Task& task) override {
    const PeerMessage outcome = operate([&] { return compute(count, task); });
    if (outcome.state == PeerMessage::State::stopped) return std::nullopt;
    if (outcome.values.size() != count) {
      throw Error(ExitCode::internal, fmt::format("The processes returned {} of {} values.",
                                                  outcome.values.size(), count));
    }
    std::vector<double> values;
    for (const auto& [index, value] : outcome.values) values.push_back(value);
    return values;
  }

  void commit(const std::function<void()>& save) override {
    operate([&] {
      options_.enter("checkpoint");
      if (!group_.lowest()) return PeerMessage{};
      group_.require_membership();  // one that slept must not write over newer files
      PeerMessage mine;
      attempt(mine, save);
      return mine;
    });
  }

  bool lowest() const override { return group_.lowest(); }
  void finish() override { group_.finish(encode(last_)); }

 private:
  /// A failure here ends all processes with its text, instead of looking like a dead process.
  static void attempt(PeerMessage& mine, const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      mine.fail(static_cast<int>(error.code()), error.what());
    } catch (const std::exception& error) {
      mine.fail(static_cast<int>(ExitCode::internal), error.what());
    }
  }

  /// This process's part: every size()-th of the values that nobody has yet.
  PeerMessage compute(std::size_t count, const Task& task) {
    std::vector<std::size_t> missing, part;
    for (std::size_t i = 0; i < count; ++i) {
      if (!shared_.contains(i)) missing.push_back(i);
    }
    for (std::size_t j = group_.position(); j < missing.size(); j += group_.members().size()) {
      if (!own_.contains(missing[j])) part.push_back(missing[j]);
    }
    PeerMessage mine;
    std::vector<double> results;
    if (!control_.stopped()) attempt(mine, [&] { results = task(part); });
    if (mine.state == PeerMessage::State::ok && control_.stopped()) {
      mine.state = PeerMessage::State::stopped;  // the results may have been cut short
    } else if (mine.state == PeerMessage::State::ok) {
      for (std::size_t j = 0; j < part.size(); ++j) own_[part[j]] = results[j];
    }
    mine.values = begun().values;
    return mine;
  }

  PeerMessage operate(const std::function<PeerMessage()>& prepare) {
    own_.clear();
    if (shared_operation_ != operation_) shared_.clear();
    std::optional<PeerMessage> outcome;
    while (!outcome) {
      try {
        outcome = attempt_operation(prepare);
        if (!outcome) outcome = regroup();
      } catch (const Error& error) {
        if (error.code() != ExitCode::io) throw;
        throw GroupLost(error.what());  // the folder's error; failures of work are in the outcome
      }
    }
    return end(*outcome);
  }

  std::optional<PeerMessage> attempt_operation(const std::function<PeerMessage()>& prepare) {
    try {
      if (disagree_) {
        if (auto outcome = agree()) return outcome;
      }
      PeerMessage mine = prepare();
      mine.operation = operation_;
      options_.enter("gather");
      return merged(group_.all_gather(encode(mine)));
    } catch (const PeerLost&) {
      return std::nullopt;
    }
  }

  /// @return an outcome when the others have finished: this was their last operation too.
  std::optional<PeerMessage> regroup() {
    disagree_ = true;
    const std::optional<std::string> last_words = group_.regroup();
    if (!last_words) return std::nullopt;
    return decode(*last_words);
  }

  static PeerMessage merged(const std::vector<std::string>& all) {
    PeerMessage outcome;
    for (const std::string& bytes : all) outcome.merge(decode(bytes));
    return outcome;
  }

  PeerMessage begun() const {
    PeerMessage message;
    message.operation = operation_;
    message.values = shared_;
    message.values.insert(own_.begin(), own_.end());
    return message;
  }

  /// After a loss. @return this operation's outcome where another process has it.
  std::optional<PeerMessage> agree() {
    PeerMessage ended = last_;  // outcome of the operation before this one
    ended.operation = operation_;
    const std::vector<std::string> ends = group_.all_gather(encode(ended));
    const std::vector<std::string> begins = group_.all_gather(encode(begun()));
    PeerMessage furthest = ended;
    for (const std::string& bytes : ends) {
      if (PeerMessage other = decode(bytes); other.operation > furthest.operation) furthest = other;
    }
    shared_.clear();
    shared_operation_ = furthest.operation;
    for (const std::string& bytes : begins) {
      const PeerMessage other = decode(bytes);
      if (other.operation == shared_operation_) shared_.insert(other.values.begin(), other.values.end());
    }
    disagree_ = false;
    if (shared_operation_ == operation_) return std::nullopt;
    return furthest;
  }

  PeerMessage end(PeerMessage outcome) {
    last_ = outcome;
    ++operation_;
    if (outcome.state == PeerMessage::State::failed) {
      throw Error(static_cast<ExitCode>(outcome.code), outcome.text);
    }
    return outcome;
  }

  DistributedOptions options_;
  RunControl& control_;
  PeerGroup group_;
  std::int64_t operation_ = 0, shared_operation_ = 0;
  PeerMessage last_;
  std::map<std::size_t, double> own_, shared_;  ///< of the present operation; shared_: everyone's
  bool disagree_;  ///< agree() comes first in every group but the one of all processes
};

}  // namespace

std::unique_ptr<TaskShare> make_local_share(RunControl& control) {
  return std::make_unique<LocalShare>(control);
}

std::unique_ptr<TaskShare> make_peer_share(const DistributedOptions& options,
                                           std::vector<Fact> facts, RunControl& control) {
  return std::make_unique<PeerShare>(options, std::move(facts), control);
}

}  // namespace ergo
