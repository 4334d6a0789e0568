// SPDX-License-Identifier: GPL-3.0-or-later

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/distributed/exchange.h"

namespace ergo {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Values = std::map<std::size_t, std::string>;

/// What a process adds to an operation, and what all together make of it.
struct Message {
  bool done = false;            ///< its part is done, and in `values`
  int stop = 0;                 ///< 1: Stop::end, 2: Stop::again
  int code = 0;                 ///< exit code of a failure
  std::string text{}, pulse{};  ///< of the failure; how far it is
  Values values{};              ///< by index

  void merge(Message&& other) {
    values.merge(other.values);
    stop = std::max(stop, other.stop);
    if (code == 0) code = other.code, text = other.text;
  }
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Message, done, stop, code, text, pulse, values)

/// Every process works on its part on a thread of its own and meets the others meanwhile, five
/// times a second ("beat"): so they hear of a stop, of how far all are and of a loss, and work may
/// take as long as it likes. An operation ends when all have handed in their parts.
class PeerShare final : public TaskShare {
 public:
  PeerShare(const DistributedOptions& options, const std::vector<Fact>& facts, RunControl& control)
      : options_(options), control_(control), exchange_(meet(options_, facts, control)) {}

  Results results(std::size_t count, const Task& task, const Pulse& pulse) override {
    const auto work = [&] {
      options_.enter("work");
      std::vector<std::size_t> part;
      for (auto i = static_cast<std::size_t>(options_.rank); i < count; i += size())
        part.push_back(i);
      Values values;
      for (std::string& bytes : task(part)) values[part.at(values.size())] = std::move(bytes);
      return values;
    };
    Message all = operate(std::launch::async, work, pulse);
    if (all.values.size() != count)
      throw Error(ExitCode::internal, "A task returned another number of results than was asked.");
    Results results{{}, all.stop > 0};
    for (auto& [index, bytes] : all.values) results.bytes.push_back(std::move(bytes));
    return results;
  }

  void together(const std::function<void()>& work) override {
    operate(std::launch::deferred, [&] { return work(), Values(); }, {});
  }
  bool stopped() override {
    return operate(std::launch::deferred, [] { return Values(); }, {}).stop > 0;
  }
  void commit(const std::function<void()>& save) override {
    together([&] {
      options_.enter("checkpoint");
      if (lowest()) save();
    });
  }
  bool lowest() const override { return options_.rank == 0; }
  int processes() const override { return options_.processes; }

  void finish() override {
    if (exchange_) exchange_->leave();
    exchange_.reset();
  }

 private:
  using Work = std::function<Values()>;

  std::size_t size() const { return static_cast<std::size_t>(options_.processes); }

  /// A deferred work runs on the caller's thread. @throws what work threw anywhere; PeerLost.
  Message operate(std::launch where, const Work& work, const Pulse& pulse) {
    std::future<Message> own = std::async(where, [&] { return attempt(work); });
    Message outcome;
    try {
      outcome = meet_until_done(own, pulse);
    } catch (const std::exception& error) {
      exchange_.reset();  // tells the others
      control_.stop();    // no use in finishing the work
      if (own.valid()) own.wait();
      throw PeerLost(fmt::format("The job has lost a process: {}", first_line(error)));
    }
    if (outcome.code != 0) throw Error(static_cast<ExitCode>(outcome.code), outcome.text);
    return outcome;
  }

  static Message attempt(const Work& work) try {
    return {.done = true, .values = work()};
  } catch (const Error& error) {
    return {.done = true, .code = static_cast<int>(error.code()), .text = error.what()};
  } catch (const std::exception& error) {
    return {.done = true, .code = static_cast<int>(ExitCode::internal), .text = error.what()};
  }

  Message meet_until_done(std::future<Message>& own, const Pulse& pulse) {
    Message outcome;
    Patience patience(options_);
    std::set<std::size_t> at_work;
    for (std::size_t rank = 0; rank < size(); ++rank) at_work.insert(rank);
    for (auto wait = 25ms; !at_work.empty(); wait = std::min(200ms, 2 * wait)) {
      Message mine;
      if (own.valid() && own.wait_for(wait) != std::future_status::timeout) mine = own.get();
      if (mine.done || own.valid()) options_.enter(mine.done ? "gather" : "beat");
      if (control_.stopped()) mine.stop = control_.again() ? 2 : 1;
      if (pulse.say) mine.pulse = pulse.say();
      std::string sent;
      json::to_cbor(mine, sent);  // its texts may hold any bytes
      std::size_t rank = 0;
      for (const std::string& bytes : exchange_->all_gather(sent)) {
        auto theirs = json::from_cbor(bytes).get<Message>();
        if (pulse.hear) pulse.hear(theirs.pulse);
        if (theirs.done) at_work.erase(rank);
        outcome.merge(std::move(theirs));
        ++rank;
      }
      if (outcome.stop > 0) control_.stop(outcome.stop == 2 ? Stop::again : Stop::end);
      if (!own.valid() && !at_work.empty())
        patience.tell(names_of({at_work.begin(), at_work.end()}) + ", still at work");
    }
    return outcome;
  }

  DistributedOptions options_;
  RunControl& control_;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace

std::unique_ptr<TaskShare> make_peer_share(const DistributedOptions& options,
                                           const std::vector<Fact>& facts, RunControl& control) {
  return std::make_unique<PeerShare>(options, facts, control);
}

}  // namespace ergo
