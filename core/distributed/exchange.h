// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <utility>
#include <vector>

#include "core/base/control.h"
#include "core/distributed/options.h"

namespace ergo {

/// A c10d store of texts, whose names all begin alike.
struct JobStore {
  c10::intrusive_ptr<c10d::Store> c10d{};
  std::string prefix{};
  void put(const std::string& name, const std::string& text) const {
    c10d->set(prefix + name, std::vector<std::uint8_t>(text.begin(), text.end()));
  }
  bool has(const std::string& name) const { return c10d->check({prefix + name}); }
  std::string get(const std::string& name) const {
    const std::vector<std::uint8_t> bytes = c10d->get(prefix + name);
    return {bytes.begin(), bytes.end()};
  }
};

/// A wait for other processes that is not silent and not endless.
class Patience {
 public:
  explicit Patience(const DistributedOptions& options) : options_(options) {}
  /// To be called while waiting: says for whom after 5 s, then every 30 s.
  void tell(const std::string& whom);
  /// The same. @throws PeerLost when the peer time-out is over.
  void check(const std::string& whom);

 private:
  double seconds() const;

  const DistributedOptions& options_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double next_ = 5.0;
};

/// A little longer than this process waits, which can say for whom.
std::chrono::milliseconds timeout_of(const DistributedOptions& options);
std::string names_of(const std::vector<int>& ranks);     ///< "rank 1" or "ranks 1, 3"
std::string first_line(const std::exception& of_c10ds);  ///< without its list of calls

/// All-gathers of bytes between all processes of a job, one after the other: this one through the
/// store, which is rank 0's, so that any other rank's end shows by its silence alone. Everything
/// may throw what c10d throws when a connection is broken. One thread.
class Exchange {
 public:
  Exchange(JobStore store, const DistributedOptions& options)
      : options_(options), store_(std::move(store)) {}
  virtual ~Exchange() = default;

  /// Everyone's bytes, by rank. @param mine  not empty  @throws PeerLost after the peer time-out
  std::vector<std::string> all_gather(const std::string& mine);
  /// After the last one: rank 0 waits for a while until nobody needs its store.
  void leave() noexcept;

 protected:
  virtual std::vector<std::string> gather(const std::string& mine);  ///< blocks, not for ever
  std::vector<int> missing();  ///< ranks that have not begun the present round
  void mark();                 ///< this one has
  const DistributedOptions& options_;

 private:
  std::string whom();
  std::string key(int rank, std::size_t number) const;

  JobStore store_;
  std::int64_t round_ = 0;
};

/// Over connections of Gloo's, which the store introduces; listens on `address`. Only in builds
/// with ERGO_GLOO.
std::unique_ptr<Exchange> make_gloo_exchange(const JobStore& store, const std::string& address,
                                             const DistributedOptions& options);

/// Meets the other processes of the job. For every attempt rank 0 opens a store (c10d's TCPStore:
/// on HOST:PORT, or on any port, which it tells in the file), for which the others look. Each
/// leaves a claim to its rank; one that was started again takes the place of its predecessor. When
/// all are there rank 0 seals the group: who comes later waits for the next attempt. `options`
/// outlive the exchange. @throws as make_peer_share().
std::unique_ptr<Exchange> meet(const DistributedOptions& options, const std::vector<Fact>& facts,
                               const RunControl& control);

}  // namespace ergo
