// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/signal_guard.h"

#include <fcntl.h>
#include <unistd.h>

#include <QSocketNotifier>
#include <cerrno>
#include <csignal>

namespace ergo {
namespace {

int writeEnd = -1;  // set before the handlers are installed, read only by them
constexpr int caught[] = {SIGINT, SIGTERM, SIGHUP};

extern "C" void noteSignal(int number) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(number);
  [[maybe_unused]] const auto written =
      ::write(writeEnd, &byte, 1);  // a full pipe: one is known already
  errno = saved;
}

}  // namespace

SignalGuard::SignalGuard(QObject* parent) : QObject(parent) {
  if (::pipe2(m_ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return;  // then signals end the program as usual
  writeEnd = m_ends[1];
  auto* notifier = new QSocketNotifier(m_ends[0], QSocketNotifier::Read, this);
  connect(notifier, &QSocketNotifier::activated, this, &SignalGuard::read);
  struct sigaction action {};
  action.sa_handler = noteSignal;
  action.sa_flags = SA_RESTART;
  for (int number : caught) ::sigaction(number, &action, nullptr);
}

SignalGuard::~SignalGuard() {
  for (int number : caught) std::signal(number, SIG_DFL);
  for (int end : m_ends)
    if (end >= 0) ::close(end);
}

void SignalGuard::read() {
  unsigned char byte = 0;
  while (::read(m_ends[0], &byte, 1) == 1) Q_EMIT interrupted(byte);
}

}  // namespace ergo
