// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/processes.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <utility>

#include "app/cli/command.h"

namespace ergo::cli {
namespace {

[[noreturn]] void refuse(const std::string& sentence) { throw Error(ExitCode::usage, sentence); }

int count(const std::string& option, const std::string& text) {
  constexpr std::uint64_t most = std::numeric_limits<int>::max();
  return static_cast<int>(std::min(parse_count(option, text), most));
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value && *value) return value;
  refuse(fmt::format("Option --processes is 'slurm', but the variable {} is not set.", name));
}

int variable_count(const char* name) { return count(name, variable(name)); }

/// Job, step and how often it was queued again.
std::string slurm_folder() {
  const char* restarts = std::getenv("SLURM_RESTART_COUNT");
  return fmt::format("job-{}.{}.{}", parse_count("SLURM_JOB_ID", variable("SLURM_JOB_ID")),
                     parse_count("SLURM_STEP_ID", variable("SLURM_STEP_ID")),
                     parse_count("SLURM_RESTART_COUNT", restarts ? restarts : "0"));
}

void refuse_alone(const ProcessOptions& o) {
  const std::array<std::pair<const char*, const std::string&>, 5> others = {
      {{"--rank", o.rank},
       {"--rendezvous", o.rendezvous},
       {"--interface", o.interface},
       {"--exchange", o.exchange},
       {"--peer-timeout", o.peer_timeout}}};
  for (const auto& [name, value] : others) {
    if (!value.empty()) refuse(fmt::format("Option {} needs --processes.", name));
  }
}

}  // namespace

void add_process_options(CLI::App& command, ProcessOptions& o) {
  command.add_option("--processes", o.processes,
                     "Processes of this job, each started with the same command, or 'slurm'");
  command.add_option("--rank", o.rank, "Number of this process, from 0");
  command.add_option("--rendezvous", o.rendezvous, "New folder that all processes see");
  command.add_option("--interface", o.interface, "Network interface to talk over, as lo or eth0");
  command.add_option("--exchange", o.exchange, "gloo (network) or folder (no network)");
  command.add_option("--peer-timeout", o.peer_timeout,
                     "Seconds without an answer until a process counts as lost; 300");
}

DistributedOptions read_process_options(const ProcessOptions& o) {
  DistributedOptions options;
  if (o.processes.empty()) {
    refuse_alone(o);
    return options;
  }
  if (o.rendezvous.empty())
    refuse("Option --processes needs --rendezvous, a folder that all processes see.");
  const bool slurm = o.processes == "slurm";
  if (slurm && !o.rank.empty()) refuse("Option --rank is Slurm's when --processes is 'slurm'.");
  if (!slurm && o.rank.empty())
    refuse("Option --processes needs --rank, the number of this process.");
  options.processes = slurm ? variable_count("SLURM_NTASKS") : count("--processes", o.processes);
  options.rank = slurm ? variable_count("SLURM_PROCID") : count("--rank", o.rank);
  options.rendezvous = o.rendezvous;
  if (slurm) options.rendezvous /= slurm_folder();
  options.interface = o.interface;
  options.exchange = o.exchange;
  if (!o.peer_timeout.empty()) options.peer_timeout = count("--peer-timeout", o.peer_timeout);
  check_options(options);
  return options;
}

}  // namespace ergo::cli
