// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/workers_field.h"

#include <algorithm>
#include <thread>

namespace ergo {

int WorkersField::cores() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

WorkersField::WorkersField(QWidget* parent) : QSpinBox(parent) {
  setObjectName(QStringLiteral("workers"));
  setAccessibleName(tr("Workers"));
  setToolTip(tr("Threads that move the chains of the next run or meta-training, at most the %1 "
                "core(s) of this machine; 0 or \"auto\" leaves one core to the window. The draws "
                "do not depend on it.")
                 .arg(cores()));
  setRange(0, 9999);  // too many is refused with a reason, not cut silently
  setSpecialValueText(tr("auto"));
  setKeyboardTracking(false);
  setLocale(QLocale::c());
  connect(this, &QSpinBox::valueChanged, this, &WorkersField::commit);
}

QString WorkersField::problem() const {
  if (value() <= cores()) return {};
  return tr("Workers are %1, but this machine has %2 core(s); 0 is automatic.")
      .arg(value())
      .arg(cores());
}

void WorkersField::restore(int workers) {
  setValue(workers >= 0 && workers <= cores() ? workers : 0);
}

void WorkersField::commit() {
  if (const QString sentence = problem(); !sentence.isEmpty()) {
    setValue(m_workers);
    Q_EMIT refused(sentence);
    return;
  }
  m_workers = value();
}

}  // namespace ergo
