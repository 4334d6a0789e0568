// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "core/distributed/options.h"

namespace ergo::cli {

/// The options of a job of several processes, as text.
struct ProcessOptions {
  std::string processes, rank, rendezvous, interface, exchange, peer_timeout;
};

void add_process_options(CLI::App& command, ProcessOptions& options);

/// Off when --processes is absent. `--processes slurm` takes number and rank from SLURM_NTASKS and
/// SLURM_PROCID, and a folder of the job step's own inside the rendezvous folder, so that a
/// requeued job finds a new one. @throws Error{usage} naming option or variable.
DistributedOptions read_process_options(const ProcessOptions& options);

}  // namespace ergo::cli
