// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/peer_group.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

namespace ergo {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

std::string rank_name(int rank) { return fmt::format("rank.{}", rank); }
std::string bye_name(int rank) { return fmt::format("bye.{}", rank); }
std::string join_name(int epoch, int rank) { return fmt::format("join.{}.{}", epoch, rank); }
std::string members_name(int epoch) { return fmt::format("members.{}", epoch); }
std::string left_name(int epoch) { return fmt::format("left.{}", epoch); }
constexpr const char* start_name = "start";
constexpr const char* stop_name = "stop";
constexpr const char* again_text = "again";
constexpr const char* go = "go";
constexpr std::size_t piece = 16u << 20;  // bytes that a process sends at once

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(
      std::max<std::int64_t>(1, static_cast<std::int64_t>(1000.0 * seconds)));
}

json to_json(const std::vector<Fact>& facts) {
  json list = json::array();
  for (const Fact& fact : facts) list.push_back({fact.what, fact.value});
  return list;
}

std::vector<Fact> facts_from(const json& list) {
  std::vector<Fact> facts;
  for (const json& pair : list) facts.push_back({pair.at(0), pair.at(1)});
  return facts;
}

/// What another process wrote; bytes of anything else are a broken folder.
json parse(const std::string& text, const SharedFolder& folder) {
  json value = json::parse(text, nullptr, false);
  if (!value.is_discarded()) return value;
  throw Error(ExitCode::io, fmt::format("Rendezvous folder '{}' holds a file that no process of "
                                        "this program wrote.",
                                        folder.path().string()));
}

SharedFolder open_folder(const DistributedOptions& options) {
  check_options(options);
  options.enter("rendezvous");
  return SharedFolder(options.rendezvous);
}

}  // namespace

PeerGroup::PeerGroup(const DistributedOptions& options, std::vector<Fact> facts,
                     RunControl& control)
    : options_(options),
      facts_(std::move(facts)),
      control_(control),
      kind_(exchange_kind(options)),
      folder_(open_folder(options)) {
  facts_.insert(facts_.begin(), {{"number of processes", fmt::format("{}", options_.processes)},
                                 {"exchange", kind_}});
  members_.resize(static_cast<std::size_t>(options_.processes));
  std::iota(members_.begin(), members_.end(), 0);
  claim();
  meet();
  watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  try {
    connect();
  } catch (const PeerLost&) {
    regroup();  // nobody has finished yet
  }
}

PeerGroup::~PeerGroup() = default;

void PeerGroup::claim() {
  const json own = {{"process", ProcessIdentity::own().text()}, {"facts", to_json(facts_)}};
  const std::string text = own.dump();
  const std::string winner = folder_.put_first(rank_name(options_.rank), text);
  if (winner == text) return;
  const json other = parse(winner, folder_);
  throw Error(ExitCode::cannot_create,
              fmt::format("Rendezvous folder '{}' is used by another job, or was left by one: rank "
                          "{} is {}; name a new folder.",
                          folder_.path().string(), options_.rank,
                          ProcessIdentity::parse(other.value("process", "")).name()));
}

std::string PeerGroup::read_claims() {
  std::vector<int> missing;
  for (int rank = 0; rank < options_.processes; ++rank) {
    if (others_.contains(rank)) continue;
    const std::optional<std::string> text = folder_.get(rank_name(rank));
    if (!text) {
      missing.push_back(rank);
      continue;
    }
    const json claim = parse(*text, folder_);
    identities_[rank] = ProcessIdentity::parse(claim.value("process", ""));
    others_[rank] = facts_from(claim.value("facts", json::array()));
  }
  return fmt::format("{}", fmt::join(missing, ", "));
}

std::string PeerGroup::verdict(const std::string& missing) const {
  if (missing.empty()) return go;
  if (control_.stopped()) return fmt::format("Rank {} was stopped before the job began.", rank());
  return fmt::format(
      "{} of {} processes came to rendezvous folder '{}' within {} s; missing: "
      "rank {}.",
      others_.size(), options_.processes, folder_.path().string(), options_.peer_timeout, missing);
}

/// All come, or all hear the same reason why the job did not begin: the first verdict counts.
void PeerGroup::meet() {
  ExchangeGroup group = exchange_group();
  std::string missing;
  group.broken = [this] { return control_.stopped() ? std::string("stopped") : std::string(); };
  try {
    wait_for(group, "rendezvous",
             [&] { return (missing = read_claims()).empty() || folder_.has(start_name); });
  } catch (const PeerLost&) {
    // The verdict tells why.
  }
  const std::string first = folder_.put_first(start_name, verdict(missing));
  if (first != go) {
    const bool own = control_.stopped();
    throw Error(own ? control_.stop_code() : ExitCode::temporary, first);
  }
  read_claims();
  try {
    require_equal_facts();
  } catch (const Error&) {
    finish("");
    throw;
  }
}

void PeerGroup::require_equal_facts() const {
  const std::vector<Fact>& first = others_.at(0);
  for (const auto& [rank, facts] : others_) {
    for (std::size_t i = 0; i < std::min(first.size(), facts.size()); ++i) {
      if (facts[i].value == first[i].value) continue;
      throw Error(ExitCode::config,
                  fmt::format("Rank {} has {} {}, but rank 0 has {}; all processes of a job must "
                              "have the same.",
                              rank, facts[i].what, facts[i].value, first[i].value));
    }
  }
}

ExchangeGroup PeerGroup::exchange_group() const {
  return {&folder_,
          epoch_,
          members_,
          options_.rank,
          options_.interface,
          milliseconds(options_.peer_timeout),
          [this] { return broken(); }};
}

/// A member of this group that went on to the next one, or whose process is known to be gone.
std::string PeerGroup::broken() const {
  if (folder_.has(left_name(epoch_))) return "a process has left the group";
  for (const int member : members_) {
    if (member == rank() || !is_gone(identities_.at(member))) continue;
    return fmt::format("rank {} is gone", member);
  }
  if (!folder_.exists()) {
    throw Error(ExitCode::io,
                fmt::format("Rendezvous folder '{}' was removed.", folder_.path().string()));
  }
  return {};
}

void PeerGroup::connect() {
#ifdef ERGO_GLOO
  if (kind_ == "gloo") {
    exchange_ = make_gloo_exchange(exchange_group());
    return;
  }
#endif
  exchange_ = make_folder_exchange(exchange_group());
}

std::size_t PeerGroup::position() const {
  return static_cast<std::size_t>(std::find(members_.begin(), members_.end(), rank()) -
                                  members_.begin());
}

std::vector<std::string> PeerGroup::all_gather(const std::string& mine) {
  return gather_in_pieces(*exchange_, mine, piece);
}

std::optional<std::string> PeerGroup::regroup() {
  for (;;) {
    exchange_.reset();  // Gloo's connections close, which wakes those who wait in it
    folder_.put(left_name(epoch_), "");
    ++epoch_;
    if (auto last_words = join_next()) return last_words;
    try {
      connect();
      return std::nullopt;
    } catch (const PeerLost&) {
      // Lost another one meanwhile: on to the next epoch.
    }
  }
}

std::optional<std::string> PeerGroup::join_next() {
  folder_.put(join_name(epoch_, rank()), "");
  std::vector<int> here;
  std::optional<std::string> finished;
  const auto settled = [&] {
    here.clear();
    bool all = true;
    for (const int member : members_) {
      if (!finished) finished = folder_.get(bye_name(member));
      const bool joined = folder_.has(join_name(epoch_, member));
      if (joined) here.push_back(member);
      all = all && (joined || is_gone(identities_.at(member)));
    }
    return finished || all || folder_.has(members_name(epoch_));
  };
  ExchangeGroup group = exchange_group();
  group.broken = [this] {
    if (folder_.exists()) return std::string();
    throw Error(ExitCode::io,
                fmt::format("Rendezvous folder '{}' was removed.", folder_.path().string()));
  };
  try {
    wait_for(group, "regrouping", settled);
  } catch (const PeerLost&) {
    // Whoever has not come by now is left out.
  }
  // Once there is a list it decides: who slept may find that the others went on and finished.
  if (finished && !folder_.has(members_name(epoch_))) return finished;
  const json list = parse(folder_.put_first(members_name(epoch_), json(here).dump()), folder_);
  members_ = list.get<std::vector<int>>();
  require_membership();
  return std::nullopt;
}

void PeerGroup::require_membership() const {
  std::vector<int> now = members_;
  if (const auto next = folder_.get(members_name(epoch_ + 1))) {
    now = parse(*next, folder_).get<std::vector<int>>();
  }
  if (std::find(now.begin(), now.end(), rank()) != now.end()) return;
  throw Error(
      ExitCode::temporary,
      fmt::format("Rank {} did not answer in time; the other processes go on without it.", rank()));
}

void PeerGroup::stop_watching() { watcher_ = {}; }

void PeerGroup::finish(const std::string& last_words) noexcept {
  exchange_.reset();
  watcher_ = {};
  try {
    folder_.put(bye_name(rank()), last_words);
    if (!lowest()) return;
    wait_for_ends();
    if (all_ended()) folder_.remove_all();
  } catch (const Error&) {
    // Nothing is left to do but to remove a folder that is in trouble already.
  }
}

bool PeerGroup::ended(int rank) const {
  return folder_.has(bye_name(rank)) || is_gone(identities_.at(rank));
}

/// Of the whole job: a process that was left out must find the list without it when it wakes up.
bool PeerGroup::all_ended() const {
  return std::all_of(identities_.begin(), identities_.end(),
                     [this](const auto& entry) { return ended(entry.first); });
}

void PeerGroup::wait_for_ends() const {
  ExchangeGroup group = exchange_group();
  group.broken = [] { return std::string(); };
  try {
    wait_for(group, "the end", [this] {
      return std::all_of(members_.begin(), members_.end(), [this](int m) { return ended(m); });
    });
  } catch (const PeerLost&) {
    // The folder stays for the silent one.
  }
}

void PeerGroup::watch(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  bool told = false;
  while (!wake.wait_for(lock, stop, 100ms, [&] { return stop.stop_requested(); })) {
    try {
      const auto asked = folder_.get(stop_name);
      if (control_.stopped() && !asked && !told)
        folder_.put(stop_name, control_.again() ? again_text : "");
      told = told || control_.stopped();
      if (asked && !control_.stopped())
        control_.stop(*asked == again_text ? Stop::again : Stop::end);
    } catch (const Error&) {
      // The next exchange meets the same trouble and reports it.
    }
  }
}

}  // namespace ergo
