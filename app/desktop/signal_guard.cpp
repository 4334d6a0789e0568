// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/signal_guard.h"

#include <QSocketNotifier>

namespace ergo {

SignalGuard::SignalGuard(QObject* parent) : QObject(parent) {
  auto* notifier = new QSocketNotifier(m_signals.descriptor(), QSocketNotifier::Read, this);
  connect(notifier, &QSocketNotifier::activated, this, &SignalGuard::read);
}

void SignalGuard::read() {
  while (const auto number = m_signals.next()) Q_EMIT interrupted(*number);
}

}  // namespace ergo
