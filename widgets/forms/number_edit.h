// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractSpinBox>

#include "core/config/field.h"

namespace ergo {

/// A number field with arrows that keeps what was typed ("1e-4", 64-bit integers).
///
/// Integers step by 1 (Ctrl: 10), reals to the neighbour in 1-2-5 of their decade, because step
/// sizes and variances live on a logarithmic scale. Steps stay inside the field's range.
class NumberEdit : public QAbstractSpinBox {
  Q_OBJECT
 public:
  explicit NumberEdit(Field field, QWidget* parent = nullptr);
  using QAbstractSpinBox::lineEdit;
  void stepBy(int steps) override;
  QSize sizeHint() const override;

 Q_SIGNALS:
  void stepped();  ///< after the arrows, the wheel or Up/Down changed the text

 protected:
  StepEnabled stepEnabled() const override;
  QValidator::State validate(QString& text, int& position) const override;
  void wheelEvent(QWheelEvent* event) override;

 private:
  nlohmann::json moved(const nlohmann::json& value, int steps) const;
  Field m_field;
};

}  // namespace ergo
