// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <optional>

namespace ergo {

/// HUP, INT, TERM and USR1 as numbers that come out of a pipe, whichever thread they hit: libraries
/// start threads before main() that no mask reaches. The handler only writes a byte, but for one
/// case: an INT more than two seconds after the first ends the process at once with status 130,
/// even where nobody reads any more. HUP stays ignored where it was, as under nohup. One per
/// process; USR1 means "start me again" (Slurm's warning).
class StopSignals {
 public:
  StopSignals();  ///< @throws Error{internal} when there is no pipe to be had
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int descriptor() const { return ends_[0]; }  ///< readable when a signal came: for an event loop
  std::optional<int> next();                   ///< without waiting
  int wait();                                  ///< the next signal; 0 after end(). Any thread
  void end();                                  ///< lets wait() return 0

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace ergo
