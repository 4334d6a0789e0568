// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <stdexcept>
#include <string>

namespace ergo {

/// Exit statuses of the command line (sysexits numbers); an Error carries the one it ends with.
enum class ExitCode : int {
  ok = 0,
  usage = 64,          ///< unknown option, id or field
  data = 65,           ///< malformed content of a file
  no_input = 66,       ///< a named file is missing
  internal = 70,       ///< internal error, every chain diverged, or memory ran out
  cannot_create = 73,  ///< an output folder or file cannot be created
  io = 74,             ///< reading or writing failed
  temporary = 75,      ///< start it again: a warning (USR1), or processes of the job are lost
  config = 78,         ///< a preset value violates its constraint
  interrupted = 130,   ///< HUP, INT or TERM, after saving what exists
};

/// What a user can cause: one sentence that names the file, field or value and the constraint.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace ergo
