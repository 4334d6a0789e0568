// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/exchange.h"

#include <fmt/ranges.h>
#include <spdlog/fmt/fmt.h>

#include <future>
#include <stdexcept>
#include <thread>

namespace ergo {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t piece = 4u << 20;  // bytes; newer stores take no value above 8 MiB

}  // namespace

double Patience::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

void Patience::tell(const std::string& whom) {
  if (seconds() < next_) return;
  next_ = seconds() + 30.0;
  if (!options_.say) return;
  options_.say(fmt::format("Rank {} has waited {:.0f} s for {}.", options_.rank, seconds(), whom));
}

void Patience::check(const std::string& whom) {
  if (seconds() < options_.peer_timeout) return tell(whom);
  throw PeerLost(fmt::format("Rank {} waited {:g} s (--peer-timeout) in vain for {}.",
                             options_.rank, options_.peer_timeout, whom));
}

std::string names_of(const std::vector<int>& ranks) {
  return fmt::format("{} {}", ranks.size() == 1 ? "rank" : "ranks", fmt::join(ranks, ", "));
}

std::chrono::milliseconds timeout_of(const DistributedOptions& options) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(1000.0 * options.peer_timeout)) + 2s;
}

std::string first_line(const std::exception& of_c10ds) {
  const std::string text = of_c10ds.what();
  return text.substr(0, text.find('\n'));
}

std::vector<std::string> Exchange::all_gather(const std::string& mine) {
  auto all = std::async(std::launch::async, [&] { return gather(mine); });
  Patience patience(options_);
  while (all.wait_for(1s) != std::future_status::ready) patience.check(whom());
  ++round_;
  return all.get();
}

/// Whoever is gone needs nothing more.
void Exchange::leave() noexcept try {
  mark();
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (options_.rank == 0 && !missing().empty() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(5ms);
} catch (const std::exception&) {
}

/// In pieces, of which the last is marked by a '.'. Whoever has begun a round has read the last
/// one, so two places are enough for all rounds.
std::vector<std::string> Exchange::gather(const std::string& mine) {
  for (std::size_t at = 0, i = 0; at < mine.size(); at += piece) {
    std::string part(1, at + piece < mine.size() ? '+' : '.');
    store_.put(key(options_.rank, i++), part.append(mine, at, piece));
  }
  mark();
  const auto end = std::chrono::steady_clock::now() + timeout_of(options_);
  for (auto pause = 1ms; !missing().empty(); pause = std::min(2 * pause, 16ms)) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("the others are silent");
    std::this_thread::sleep_for(pause);
  }
  std::vector<std::string> all(static_cast<std::size_t>(options_.processes));
  for (int rank = 0; rank < options_.processes; ++rank) {
    std::string part = "+";
    for (std::size_t i = 0; part.front() == '+'; ++i)
      all[static_cast<std::size_t>(rank)].append(part = store_.get(key(rank, i)), 1);
  }
  return all;
}

void Exchange::mark() {
  store_.put(fmt::format("round/{}", options_.rank), fmt::format("{}", round_));
}

std::vector<int> Exchange::missing() {
  std::vector<int> ranks;
  for (int rank = 0; rank < options_.processes; ++rank) {
    const std::string name = fmt::format("round/{}", rank);
    if (!store_.has(name) || std::stol(store_.get(name)) < round_) ranks.push_back(rank);
  }
  return ranks;
}

/// The store does not answer when rank 0, whose it is, is the silent one.
std::string Exchange::whom() {
  try {
    return names_of(missing());
  } catch (const std::exception&) {
    return names_of({0});
  }
}

std::string Exchange::key(int rank, std::size_t number) const {
  return fmt::format("bytes/{}/{}/{}", round_ % 2, rank, number);
}

}  // namespace ergo
