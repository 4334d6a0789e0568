// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <functional>

/// Child processes without exec: they start with the libraries already loaded. The test itself
/// must not have used LibTorch's or OpenMP's threads before.
namespace ergo::test {

/// @return the process id; the child ends with what `body` returns, 99 when it throws.
inline pid_t spawn(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  int status = 99;
  try {
    status = body();
  } catch (const std::exception&) {
    // 99
  }
  ::_exit(status);
}

/// Exit status, or minus the signal that ended the process. Waits; ctest limits the time.
inline int wait_for_end(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return -1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace ergo::test
