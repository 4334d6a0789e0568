// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/stop_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "core/base/error.h"

namespace ergo {
namespace {

constexpr int caught[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1};
constexpr long patience = 2;  // seconds in which a second INT is taken for a repeat
std::atomic<int> write_end{-1};
std::atomic<long> first_interrupt{0};  // milliseconds of the monotonic clock; 0: none yet
static_assert(std::atomic<long>::is_always_lock_free, "a handler may use it");

long milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return 1000 * now.tv_sec + now.tv_nsec / 1'000'000;
}

bool insists() {
  long none = 0;
  const long now = milliseconds();
  return !first_interrupt.compare_exchange_strong(none, now) && now - none > 1000 * patience;
}

extern "C" void note_signal(int number) {
  const int saved = errno;
  if (number == SIGINT && insists()) ::_exit(static_cast<int>(ExitCode::interrupted));
  const auto byte = static_cast<unsigned char>(number);
  [[maybe_unused]] const auto written = ::write(write_end, &byte, 1);  // full: one is known already
  errno = saved;
}

bool stays_ignored(int number) {
  struct sigaction now {};
  return number == SIGHUP && ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

StopSignals::StopSignals() {
  if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0)
    throw Error(ExitCode::internal, "No pipe can be made: too many files are open.");
  write_end = ends_[1];
  first_interrupt = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : caught) {
    ::sigaddset(&set, number);
    if (!stays_ignored(number)) ::sigaction(number, &action, nullptr);
  }
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);  // whoever started this may have blocked them
}

StopSignals::~StopSignals() {
  for (const int number : caught) {
    if (!stays_ignored(number)) ::signal(number, SIG_DFL);
  }
  for (const int end : ends_) ::close(end);
}

std::optional<int> StopSignals::next() {
  unsigned char byte = 0;
  if (::read(ends_[0], &byte, 1) != 1) return std::nullopt;
  return byte;
}

int StopSignals::wait() {
  while (true) {
    if (const auto number = next()) return *number;
    pollfd ready{ends_[0], POLLIN, 0};
    ::poll(&ready, 1, -1);
  }
}

void StopSignals::end() {
  const unsigned char byte = 0;
  [[maybe_unused]] const auto written = ::write(ends_[1], &byte, 1);
}

}  // namespace ergo
