// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QSpinBox>

namespace ergo {

/// How many workers move the chains of the next run and of the next meta-training; 0: automatic.
/// Draws do not depend on it. More than there are cores is refused with a sentence.
class WorkersField : public QSpinBox {
  Q_OBJECT
 public:
  explicit WorkersField(QWidget* parent = nullptr);
  static int cores();
  /// Takes over a remembered value; one that this machine cannot have becomes automatic.
  void restore(int workers);
  int workers() const { return m_workers; }  ///< the last value that was accepted
  QString problem() const;                   ///< of the value as typed, or empty

 Q_SIGNALS:
  void refused(const QString& sentence);

 private:
  void commit();
  int m_workers = 0;
};

}  // namespace ergo
