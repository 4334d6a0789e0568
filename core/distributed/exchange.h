// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/distributed/shared_folder.h"

namespace ergo {

/// An exchange cannot be completed: a member is gone or silent, or has left this group.
struct PeerLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Moves bytes, at most a few megabytes at a time, between the members of one group. An object
/// belongs to one thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// Every member's bytes, in the order of the members; all call it equally often. Some members
  /// may get the answer when others get PeerLost. @throws PeerLost, Error{io}.
  virtual std::vector<std::string> all_gather(const std::string& mine) = 0;
};

/// The same for bytes of any length: in rounds of at most `piece` of each member.
/// @throws PeerLost, Error{io}.
std::vector<std::string> gather_in_pieces(Exchange& exchange, const std::string& mine,
                                          std::size_t piece);

/// What an exchange is made for.
struct ExchangeGroup {
  const SharedFolder* folder = nullptr;
  int epoch = 0;                        ///< number of the group; part of every name in the folder
  std::vector<int> members;             ///< ranks, ascending
  int rank = 0;                         ///< this process's, one of them
  std::string interface;                ///< gloo
  std::chrono::milliseconds timeout{};  ///< longest wait for the others
  std::function<std::string()> broken;  ///< why waiting is hopeless; empty: it is not
};

/// Through files of the shared folder.
std::unique_ptr<Exchange> make_folder_exchange(const ExchangeGroup& group);

/// Through Gloo (LibTorch's c10d), connected over `interface`, which is all it listens on; the
/// folder only introduces the members. Only in builds with ERGO_GLOO. @throws PeerLost.
std::unique_ptr<Exchange> make_gloo_exchange(const ExchangeGroup& group);

/// Calls `ready` until it returns true, more rarely as time goes by. @throws PeerLost naming
/// `what` after group.timeout, or at once when group.broken says so.
void wait_for(const ExchangeGroup& group, const std::string& what,
              const std::function<bool()>& ready);

}  // namespace ergo
