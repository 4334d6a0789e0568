// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/base/network.h"
#include "core/distributed/exchange.h"
#include "core/io/atomic_file.h"

namespace ergo {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class Meeting {
 public:
  Meeting(const DistributedOptions& options, const RunControl& control)
      : options_(options), control_(control), at_(options.rendezvous), patience_(options) {}

  std::unique_ptr<Exchange> form() {
    for (std::string whom;; pause(whom)) {
      try {
        leads() ? open() : join();
        leads() ? seal() : enter();
        break;
      } catch (const Error& error) {
        if (leads() || error.code() != ExitCode::no_input) throw;
        whom = where_;                      // which has not written the file
      } catch (const std::exception& no) {  // this is no store for this process, or no longer
        if (leads()) throw;
        whom = fmt::format("{} ({})", where_, first_line(no));
      }
    }
#ifdef ERGO_GLOO
    if (!options_.by_store) return make_gloo_exchange(store_, address_, options_);
#endif
    store_.c10d->setTimeout(timeout_of(options_));
    return std::make_unique<Exchange>(store_, options_);
  }

 private:
  bool leads() const { return options_.rank == 0; }

  void pause(const std::string& whom) {
    if (control_.stopped()) {
      throw Error(control_.stop_code(),
                  fmt::format("Rank {} was stopped before the job began.", options_.rank));
    }
    patience_.check(whom);
    std::this_thread::sleep_for(100ms);
  }

  void open() {
    while (at_.port > 0 && !is_free(at_.port))
      pause(
          fmt::format("port {}, which something else on this host has: end that, or name another "
                      "port",
                      at_.port));
    if (!at_.file.empty()) store_.prefix = nonce_;
    const std::uint16_t port = open_store("localhost", at_.port);
    address_ =
        own_address(at_.file.empty() ? reach(at_.host, at_.port) : Reached{outward_address(), {}});
    if (address_.empty()) {
      throw Error(ExitCode::usage,
                  fmt::format("Rank 0 runs here, but --rendezvous leads to '{}', where nothing "
                              "listens on port {}; name this host.",
                              at_.host, at_.port));
    }
    store_.put("open", ".");
    if (!at_.file.empty()) announce(port);
  }

  /// The file only tells where the store is: c10d's FileStore needs locks, which not every network
  /// file system has, and its readers spin for ever on the half entry of a killed process.
  void announce(std::uint16_t port) const {
    std::error_code error;
    if (std::filesystem::exists(at_.file, error)) announced();
    const json text = {{"ergoscope_job", store_.prefix}, {"host", address_}, {"port", port}};
    io::write_file(at_.file, text.dump() + "\n");
  }

  json announced() const {
    json text = json::parse(io::read_file(at_.file, 4096), nullptr, false);
    if (text.is_object() && text.contains("ergoscope_job")) return text;
    throw Error(ExitCode::cannot_create,
                fmt::format("File '{}' of --rendezvous holds something else; name a new file.",
                            at_.file.string()));
  }

  void join() {
    Rendezvous at = at_;
    if (!at.file.empty()) {
      where_ = fmt::format("rank 0, which writes '{}'", at.file.string());
      const json text = announced();
      at = {text.at("host"), text.at("port"), {}};
      store_.prefix = text.at("ergoscope_job");
    }
    where_ = fmt::format("rank 0 at {}:{}", at.host, at.port);
    const Reached way = reach(at.host, at.port);
    if (way.own.empty()) throw std::runtime_error(way.failure);
    address_ = own_address(way);
    open_store(at.host, at.port);
    store_.put(claim_of(options_.rank), nonce_);
    // c10d keeps the time-out of what is read: neither another kind of server nor a process that
    // sleeps holds this one for ever.
    store_.get(claim_of(options_.rank));
    if (!store_.has("open")) throw std::runtime_error("something else answers");
  }

  std::uint16_t open_store(const std::string& host, std::uint16_t port) {
    const c10d::TCPStoreOptions options{
        .port = port, .isServer = leads(), .waitWorkers = false, .timeout = 5s};
    const auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
    store_.c10d = store;
    return store->getPort();
  }

  /// Debian gives a host's own name a loopback address, which others cannot reach.
  std::string own_address(const Reached& way) const {
    if (!options_.interface.empty()) return interface_address(options_.interface);
    const bool meant = is_loopback(at_.host) || at_.host == "localhost";
    return is_loopback(way.own) && !meant ? outward_address() : way.own;
  }

  /// Rank 0's: reads the claims in the end, because a process may have been started again.
  void seal() {
    store_.put(claim_of(0), nonce_);
    for (auto absent = absent_ranks(); !absent.empty(); absent = absent_ranks())
      pause(names_of(absent));
    json nonces = json::array();
    for (int rank = 0; rank < options_.processes; ++rank)
      nonces.push_back(store_.get(claim_of(rank)));
    store_.put("group", nonces.dump());
  }

  void enter() {
    while (!store_.has("group")) {
      const std::vector<int> absent = absent_ranks();
      pause(names_of(absent.empty() ? std::vector<int>{0} : absent));
    }
    const json nonces = json::parse(store_.get("group"));
    const auto rank = static_cast<std::size_t>(options_.rank);
    if (nonces.size() == static_cast<std::size_t>(options_.processes) && nonces[rank] == nonce_)
      return;
    throw std::runtime_error(fmt::format(
        "its job of {} processes is under way without this rank {}", nonces.size(), rank));
  }

  std::vector<int> absent_ranks() {
    std::vector<int> ranks;
    for (int rank = 0; rank < options_.processes; ++rank)
      if (!store_.has(claim_of(rank))) ranks.push_back(rank);
    return ranks;
  }

  static std::string claim_of(int rank) { return fmt::format("claim/{}", rank); }

  const DistributedOptions& options_;
  const RunControl& control_;
  const Rendezvous& at_;
  Patience patience_;
  const std::string nonce_ =
      fmt::format("{:08x}{:08x}", std::random_device{}(), std::random_device{}());
  std::string address_;  ///< of this machine, for the others
  std::string where_;    ///< rank 0 is, in words
  JobStore store_;       ///< of this attempt; the file tells the prefix
};

void require_equal(Exchange& exchange, const DistributedOptions& options,
                   const std::vector<Fact>& facts) {
  std::vector<std::string> own = {fmt::format("{} processes", options.processes)};
  for (const Fact& fact : facts) own.push_back(fact.what + " " + fact.value);
  const std::vector<std::string> all = exchange.all_gather(json(own).dump());
  const std::vector<std::string> first = json::parse(all[0]);
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    const std::vector<std::string> other = json::parse(all[rank]);
    const auto [a, b] = std::mismatch(first.begin(), first.end(), other.begin(), other.end());
    if (a == first.end() || b == other.end()) continue;
    exchange.leave();  // all hear the same
    throw Error(ExitCode::config, fmt::format("Rank {} has {}, but rank 0 has {}; all processes of "
                                              "a job must have the same.",
                                              rank, *b, *a));
  }
}

}  // namespace

std::unique_ptr<Exchange> meet(const DistributedOptions& options, const std::vector<Fact>& facts,
                               const RunControl& control) {
  options.enter("rendezvous");
  try {
    std::unique_ptr<Exchange> exchange = Meeting(options, control).form();
    require_equal(*exchange, options, facts);
    std::error_code ignored;
    if (options.rank == 0 && !options.rendezvous.file.empty())
      std::filesystem::remove(options.rendezvous.file, ignored);
    return exchange;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw PeerLost(
        fmt::format("The processes of the job did not come together: {}.", first_line(error)));
  }
}

}  // namespace ergo
