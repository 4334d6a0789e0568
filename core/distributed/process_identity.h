// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

namespace ergo {

/// A process as others see it: "host pid start machine", start being its start time in clock ticks
/// since boot and machine the boot id with the process-id namespace, so that a process id that was
/// given away again, or that belongs to another container, is not mistaken for it.
struct ProcessIdentity {
  std::string host, machine;
  long pid = 0;
  std::string start;

  static ProcessIdentity own();
  static ProcessIdentity parse(const std::string& text);  ///< never throws; unknown parts are empty
  std::string text() const;
  /// "process 123 on host a".
  std::string name() const;
};

/// True only when the process ran on this very machine and is certainly gone (no such process, a
/// zombie, or another start time). False for every process elsewhere.
bool is_gone(const ProcessIdentity& process);

}  // namespace ergo
