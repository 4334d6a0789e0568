// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/forms/number_edit.h"

#include <QLineEdit>
#include <QWheelEvent>
#include <cmath>

#include "widgets/forms/field_text.h"

namespace ergo {
namespace {

constexpr double ladder[] = {1.0, 2.0, 5.0, 10.0};

/// The next value of 1, 2, 5 times a power of ten above `value` > 0.
double nextOnLadder(double value) {
  const double decade = std::pow(10.0, std::floor(std::log10(value) + 1e-12));
  for (double rung : ladder)
    if (rung * decade > value * (1 + 1e-9)) return rung * decade;
  return 20.0 * decade;
}

double previousOnLadder(double value) { return 1.0 / nextOnLadder(1.0 / value); }

/// Powers of ten are not exact in binary: "0.30000000000000004" must not appear in a field.
double rounded(double value) {
  return QString::number(value, 'g', 12).toDouble();  // QString's conversions use the C locale
}

double stepReal(double value, int direction) {
  if (value == 0.0) return direction * 0.1;
  const bool grow = (direction > 0) == (value > 0);
  const double size = grow ? nextOnLadder(std::abs(value)) : previousOnLadder(std::abs(value));
  return rounded(std::copysign(size, value));
}

}  // namespace

NumberEdit::NumberEdit(Field field, QWidget* parent)
    : QAbstractSpinBox(parent), m_field(std::move(field)) {
  setAccelerated(true);
  setFocusPolicy(Qt::StrongFocus);
}

nlohmann::json NumberEdit::moved(const nlohmann::json& value, int steps) const {
  const FieldInfo& info = m_field.info;
  if (m_field.type == FieldType::integer) {
    const double next = static_cast<double>(value.get<std::int64_t>()) + steps;
    if (next < info.min || next > info.max) return value;
    return value.get<std::int64_t>() + steps;
  }
  double next = value.get<double>();
  for (int i = 0; i < std::abs(steps); ++i) next = stepReal(next, steps > 0 ? 1 : -1);
  if (next < info.min || (info.open_min && next <= info.min)) return value;
  return std::min(next, info.max);
}

void NumberEdit::stepBy(int steps) {
  try {
    const auto value = parse_value(m_field, m_field.name, lineEdit()->text().toStdString());
    lineEdit()->setText(valueText(moved(value, steps)));
    Q_EMIT stepped();
  } catch (const Error&) {
    // What is typed is not a number yet: its message already stands beside the field.
  }
}

QSize NumberEdit::sizeHint() const {
  return QAbstractSpinBox::sizeHint().expandedTo({fontMetrics().averageCharWidth() * 16, 0});
}

QAbstractSpinBox::StepEnabled NumberEdit::stepEnabled() const {
  return StepUpEnabled | StepDownEnabled;
}

QValidator::State NumberEdit::validate(QString&, int&) const { return QValidator::Acceptable; }

void NumberEdit::wheelEvent(QWheelEvent* event) {
  if (hasFocus())
    QAbstractSpinBox::wheelEvent(event);
  else
    event->ignore();  // scrolling a form must not change what lies under the mouse
}

}  // namespace ergo
