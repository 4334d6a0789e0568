// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/background.h"

#include <utility>

#include "core/base/error.h"

namespace ergo {

Background::~Background() {
  if (m_thread.joinable()) m_thread.join();
}

void Background::run(std::function<void()> work, Done done) {
  ++m_pending;
  // The new thread first joins the one before it: operations keep their order.
  m_thread = std::jthread([this, before = std::move(m_thread), work = std::move(work),
                           done = std::move(done)]() mutable {
    if (before.joinable()) before.join();
    int code = 0;
    QString sentence;
    try {
      work();
    } catch (const Error& error) {
      code = static_cast<int>(error.code());
      sentence = QString::fromStdString(error.what());
    } catch (const std::exception& error) {
      code = static_cast<int>(ExitCode::internal);
      sentence = tr("Internal error: %1").arg(QString::fromUtf8(error.what()));
    }
    QMetaObject::invokeMethod(
        this,
        [this, code, sentence, done = std::move(done)] {
          --m_pending;
          done(code, sentence);
          if (m_pending == 0) Q_EMIT idle();
        },
        Qt::QueuedConnection);
  });
}

}  // namespace ergo
