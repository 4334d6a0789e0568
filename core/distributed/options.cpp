// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/options.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <spdlog/fmt/fmt.h>

#include <set>

#include "core/base/error.h"

namespace ergo {
namespace {

#ifdef ERGO_GLOO
constexpr bool has_gloo = true;
#else
constexpr bool has_gloo = false;
#endif
constexpr int most_processes = 4096;
constexpr double longest_timeout = 1e6;  // seconds

/// Interfaces that are up and have an internet address.
std::set<std::string> interfaces() {
  std::set<std::string> names;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return names;
  for (const ifaddrs* it = list; it; it = it->ifa_next) {
    const bool internet =
        it->ifa_addr && (it->ifa_addr->sa_family == AF_INET || it->ifa_addr->sa_family == AF_INET6);
    if (internet && (it->ifa_flags & IFF_UP) != 0) names.insert(it->ifa_name);
  }
  ::freeifaddrs(list);
  return names;
}

[[noreturn]] void refuse(const std::string& sentence) { throw Error(ExitCode::usage, sentence); }

void check_interface(const std::string& name) {
  const std::set<std::string> known = interfaces();
  if (known.contains(name)) return;
  const std::string list = fmt::format("{}", fmt::join(known, ", "));
  if (name.empty()) {
    refuse(
        fmt::format("Several processes need --interface, the network interface that they talk "
                    "over: {}.",
                    list));
  }
  refuse(fmt::format("Option --interface is '{}', but this machine has {}.", name, list));
}

}  // namespace

std::string exchange_kind(const DistributedOptions& options) {
  const std::string kind =
      options.exchange.empty() ? (has_gloo ? "gloo" : "folder") : options.exchange;
  if (kind == "folder" || (kind == "gloo" && has_gloo)) return kind;
  if (kind == "gloo") {
    refuse("Option --exchange is 'gloo', but this build has no Gloo; use 'folder'.");
  }
  refuse(fmt::format("Option --exchange is '{}', but must be gloo or folder.", kind));
}

void check_options(const DistributedOptions& o) {
  if (o.processes < 1 || o.processes > most_processes) {
    refuse(
        fmt::format("Option --processes is {}, but must be 1 to {}.", o.processes, most_processes));
  }
  if (o.rank < 0 || o.rank >= o.processes) {
    refuse(fmt::format("Option --rank is {}, but must be below the {} processes.", o.rank,
                       o.processes));
  }
  if (!(o.peer_timeout > 0.0) || o.peer_timeout > longest_timeout) {
    refuse(fmt::format("Option --peer-timeout is {}, but must be above 0 and at most {} seconds.",
                       o.peer_timeout, longest_timeout));
  }
  if (exchange_kind(o) == "gloo") check_interface(o.interface);
}

}  // namespace ergo
