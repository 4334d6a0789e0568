// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "app/cli/command.h"
#include "core/distributed/options.h"

namespace ergo::cli {

/// The options of a job of several processes, as text.
struct ProcessOptions {
  std::string processes, rank, rendezvous, interface, peer_timeout;
};

void add_process_options(CLI::App& command, ProcessOptions& options);

/// Off when --rendezvous is absent. Number and rank are the options', else those that the launcher
/// has put into the environment: Open MPI's, else RANK and WORLD_SIZE, else Slurm's, because one
/// launcher may start another. Whom this process waits for is told on the session's err.
/// @throws Error{usage} naming option or variable.
DistributedOptions read_process_options(const ProcessOptions& options, Session& session);

/// "tcp://HOST:PORT" or "file:///PATH". @throws Error{usage} naming both.
Rendezvous parse_rendezvous(const std::string& text);

}  // namespace ergo::cli
