// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <thread>

#include "core/base/error.h"
#include "core/distributed/exchange.h"

namespace ergo {
namespace {

using namespace std::chrono_literals;

class FolderExchange final : public Exchange {
 public:
  explicit FolderExchange(ExchangeGroup group) : group_(std::move(group)) {}

  std::vector<std::string> all_gather(const std::string& mine) override {
    group_.folder->put(name(round_, group_.rank), mine);
    std::vector<std::string> all;
    for (const int member : group_.members) {
      wait_for(group_, fmt::format("rank {}", member), [&] {
        auto bytes = group_.folder->get(name(round_, member));
        if (bytes) all.push_back(std::move(*bytes));
        return bytes.has_value();
      });
    }
    // Who has answered this round has read the last one.
    if (round_ > 0) group_.folder->remove(name(round_ - 1, group_.rank));
    ++round_;
    return all;
  }

 private:
  std::string name(long round, int rank) const {
    return fmt::format("data.{}.{}.{}", group_.epoch, round, rank);
  }

  ExchangeGroup group_;
  long round_ = 0;
};

}  // namespace

void wait_for(const ExchangeGroup& group, const std::string& what,
              const std::function<bool()>& ready) {
  const auto end = std::chrono::steady_clock::now() + group.timeout;
  for (auto pause = 1ms; !ready(); pause = std::min<std::chrono::milliseconds>(2 * pause, 16ms)) {
    // Looked at after `ready`: what a process sent before it died is still used.
    const std::string reason = group.broken();
    if (!reason.empty()) throw PeerLost(reason);
    if (std::chrono::steady_clock::now() > end) {
      throw PeerLost(fmt::format("{} did not answer for {} s", what,
                                 static_cast<double>(group.timeout.count()) / 1000.0));
    }
    std::this_thread::sleep_for(pause);
  }
}

std::vector<std::string> gather_in_pieces(Exchange& exchange, const std::string& mine,
                                          std::size_t piece) {
  std::vector<std::string> all;
  bool more = true;
  for (std::size_t at = 0; more; at += piece) {
    const bool ends = at + piece >= mine.size();
    const std::string part = at < mine.size() ? mine.substr(at, piece) : std::string();
    const std::vector<std::string> parts = exchange.all_gather((ends ? "." : "+") + part);
    all.resize(parts.size());
    more = false;
    for (std::size_t m = 0; m < parts.size(); ++m) {
      if (parts[m].empty()) throw Error(ExitCode::io, "A process of the job sent nothing.");
      more = more || parts[m].front() == '+';
      all[m].append(parts[m], 1);
    }
  }
  return all;
}

std::unique_ptr<Exchange> make_folder_exchange(const ExchangeGroup& group) {
  return std::make_unique<FolderExchange>(group);
}

}  // namespace ergo
