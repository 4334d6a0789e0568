// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/processes.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <ostream>
#include <string_view>
#include <utility>

#include "core/base/network.h"
#include "core/base/number.h"

namespace ergo::cli {
namespace {

constexpr int most_processes = 1024;     // every two of them are connected
constexpr double longest_timeout = 1e6;  // seconds

[[noreturn]] void refuse(const std::string& sentence) { throw Error(ExitCode::usage, sentence); }

int count(const std::string& name, const std::string& text) {
  constexpr std::uint64_t most = std::numeric_limits<int>::max();
  return static_cast<int>(std::min(parse_count(name, text), most));
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// Rank and number of processes.
using Place = std::pair<int, int>;

Place place_of(const ProcessOptions& o) {
  if (!o.rank.empty() && !o.processes.empty())
    return {count("--rank", o.rank), count("--processes", o.processes)};
  if (!o.rank.empty()) refuse("Option --rank needs --processes, their number.");
  if (!o.processes.empty()) refuse("Option --processes needs --rank, the number of this process.");
  for (const auto& [rank, size] :
       {std::pair("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), std::pair("RANK", "WORLD_SIZE"),
        std::pair("SLURM_PROCID", "SLURM_NTASKS")}) {
    if (!variable(rank).empty() && !variable(size).empty())
      return {count(rank, variable(rank)), count(size, variable(size))};
  }
  refuse(
      "Option --rendezvous needs --rank and --processes, or a launcher that sets "
      "OMPI_COMM_WORLD_RANK, RANK or SLURM_PROCID and the like.");
}

void refuse_without_rendezvous(const ProcessOptions& o) {
  const std::array<std::pair<const char*, const std::string&>, 4> others = {
      {{"--processes", o.processes},
       {"--rank", o.rank},
       {"--interface", o.interface},
       {"--peer-timeout", o.peer_timeout}}};
  for (const auto& [name, value] : others) {
    if (!value.empty()) refuse(fmt::format("Option {} needs --rendezvous.", name));
  }
}

void check(const DistributedOptions& o) {
  if (o.processes < 1 || o.processes > most_processes) {
    refuse(fmt::format("The number of processes (--processes) is {}, but must be 1 to {}.",
                       o.processes, most_processes));
  }
  if (o.rank >= o.processes) {
    refuse(fmt::format("The rank (--rank) is {}, but must be below the {} processes.", o.rank,
                       o.processes));
  }
  if (!(o.peer_timeout > 0.0) || o.peer_timeout > longest_timeout) {
    refuse(fmt::format("Option --peer-timeout is {}, but must be 1 to {} seconds.", o.peer_timeout,
                       longest_timeout));
  }
  if (!o.interface.empty()) interface_address(o.interface);
}

}  // namespace

void add_process_options(CLI::App& command, ProcessOptions& o) {
  command.add_option("--rendezvous", o.rendezvous,
                     "Where the processes of one job meet, each started with the same command: "
                     "tcp://HOST:PORT of rank 0, or file:///PATH that all see");
  command.add_option("--processes", o.processes, "Their number; a launcher's, if left out");
  command.add_option("--rank", o.rank, "Number of this process, from 0; a launcher's, if left out");
  command.add_option("--interface", o.interface,
                     "Network interface to listen on, as lo or eth0; the one that reaches HOST");
  command.add_option("--peer-timeout", o.peer_timeout,
                     "Seconds without an answer until a process counts as lost; 300");
}

Rendezvous parse_rendezvous(const std::string& text) {
  constexpr std::string_view tcp = "tcp://", file = "file:///";
  if (text.starts_with(file) && text.size() > file.size()) return {{}, 0, text.substr(7)};
  const std::size_t colon = text.rfind(':');
  if (text.starts_with(tcp) && colon > tcp.size()) {
    std::string host = text.substr(tcp.size(), colon - tcp.size());
    const auto port = parse_number<std::uint16_t>(std::string_view(text).substr(colon + 1));
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
      host = host.substr(1, host.size() - 2);  // IPv6
    if (port && *port > 0) return {host, *port, {}};
  }
  refuse(
      fmt::format("Option --rendezvous is '{}', but must be tcp://HOST:PORT, where HOST runs rank "
                  "0, or file:///PATH, a file that all processes see.",
                  text));
}

DistributedOptions read_process_options(const ProcessOptions& o, Session& session) {
  DistributedOptions options;
  if (o.rendezvous.empty()) {
    refuse_without_rendezvous(o);
    return options;
  }
  options.rendezvous = parse_rendezvous(o.rendezvous);
  std::tie(options.rank, options.processes) = place_of(o);
  options.interface = o.interface;
  if (!o.peer_timeout.empty()) options.peer_timeout = count("--peer-timeout", o.peer_timeout);
  options.say = [&session](const std::string& sentence) {
    session.err << (session.progress ? "\r" : "") << "info: " << sentence << std::endl;
  };
  check(options);
  return options;
}

}  // namespace ergo::cli
