// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace ergo {

/// One process's part in a job of several. Off unless `rendezvous` is named.
struct DistributedOptions {
  int processes = 1;                   ///< of the job
  int rank = 0;                        ///< of this one, 0 to processes - 1
  std::filesystem::path rendezvous{};  ///< folder that all processes see
  std::string exchange{};              ///< "gloo" or "folder"; empty: gloo where it was built
  std::string interface {};            ///< network interface of gloo; folder uses none
  double peer_timeout = 300.0;         ///< seconds without an answer until a process counts as lost

  /// Called when a phase begins: "rendezvous", "work" and "unroll" (a part, a task of
  /// meta-training; on threads of their own), "beat" (about once a second while somebody works),
  /// "gather", "update", "checkpoint". Tests end or stop the process there.
  std::function<void(std::string_view phase)> on_phase{};

  bool on() const { return !rendezvous.empty(); }
  void enter(std::string_view phase) const {
    if (on_phase) on_phase(phase);
  }
};

/// @throws Error{usage} naming option and value: a rank or number of processes out of range, an
/// exchange this build lacks, an interface this machine lacks.
void check_options(const DistributedOptions& options);

/// `exchange`, or the default of this build. @throws Error{usage} for an unknown one.
std::string exchange_kind(const DistributedOptions& options);

}  // namespace ergo
