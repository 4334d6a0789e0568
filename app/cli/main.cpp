// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <thread>

#include "app/cli/command.h"
#include "core/base/stop_signals.h"

namespace {

/// A signal stops the run at its next transition. A thread of its own hears of it, because the
/// control has a lock, which a handler must not take.
void pass_on(ergo::StopSignals& signals, ergo::RunControl& control) {
  while (const int number = signals.wait())
    control.stop(number == SIGUSR1 ? ergo::Stop::again : ergo::Stop::end);
}

int run(const std::vector<std::string>& arguments) {
  ergo::cli::Session session{std::cout, std::cerr};
  session.progress = isatty(STDERR_FILENO) == 1;
  ergo::StopSignals signals;
  std::jthread watcher(pass_on, std::ref(signals), std::ref(session.control));
  const int status = ergo::cli::main(arguments, session);
  signals.end();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that left, or a limit on the size of files, must not cost what was computed.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const int status = run({argv + 1, argv + argc});
  std::cout.flush();
  return std::cout ? status : static_cast<int>(ergo::ExitCode::io);
}
