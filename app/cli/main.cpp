// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <stop_token>
#include <thread>

#include "app/cli/command.h"

namespace {

/// SIGINT and SIGTERM stop the run at its next transition. They are waited for on a thread of
/// their own, because a handler could not take the control's lock.
void watch_signals(std::stop_token stop, sigset_t signals, ergo::RunControl& control) {
  const timespec patience{0, 100'000'000};
  while (!stop.stop_requested()) {
    if (sigtimedwait(&signals, nullptr, &patience) > 0) control.stop();
  }
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ergo::cli::Session session{std::cout, std::cerr};
  session.progress = isatty(STDERR_FILENO) == 1;
  std::jthread watcher(watch_signals, signals, std::ref(session.control));
  const int status = ergo::cli::main({argv + 1, argv + argc}, session);
  std::cout.flush();
  return std::cout ? status : static_cast<int>(ergo::ExitCode::io);
}
