// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/forms/field_form.h"

#include <QFormLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/forms/field_editor.h"

namespace ergo {
namespace {

/// "burn_in" reads as "Burn in": the name itself stays in the tool tip and in every message.
QString rowLabel(const std::string& name) {
  QString label = QString::fromStdString(name).replace(QLatin1Char('_'), QLatin1Char(' '));
  if (!label.isEmpty()) label[0] = label[0].toUpper();
  return label;
}

QFormLayout* makeRows(QWidget* parent) {
  auto* rows = new QFormLayout(parent);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  rows->setRowWrapPolicy(QFormLayout::DontWrapRows);
  rows->setVerticalSpacing(4);
  return rows;
}

QString joined(const QString& section, const QString& name) {
  return section.isEmpty() ? name : section + QLatin1Char('.') + name;
}

}  // namespace

FieldForm::FieldForm(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
}

void FieldForm::setFields(const QString& section, const std::vector<Field>& fields) {
  delete m_body;
  m_editors.clear();
  m_body = new QWidget(this);
  auto* column = new QVBoxLayout(m_body);
  column->setContentsMargins(0, 0, 0, 0);
  layout()->addWidget(m_body);
  auto* basic = new QWidget(m_body);
  QFormLayout* rows = makeRows(basic);
  for (const Field& field : fields)
    if (!field.info.advanced) addRow(rows, section, field);
  column->addWidget(basic);
  addAdvanced(section, fields);
}

void FieldForm::addAdvanced(const QString& section, const std::vector<Field>& fields) {
  const auto isAdvanced = [](const Field& field) { return field.info.advanced; };
  if (std::none_of(fields.begin(), fields.end(), isAdvanced)) return;
  auto* fold = new QToolButton(m_body);
  fold->setObjectName(joined(section, QStringLiteral("advanced")));
  fold->setText(tr("Advanced"));
  fold->setAccessibleName(tr("Advanced fields of %1").arg(section.isEmpty() ? tr("run") : section));
  fold->setToolTip(tr("Show or hide the fields that rarely need a change."));
  fold->setCheckable(true);
  fold->setAutoRaise(true);
  fold->setArrowType(Qt::RightArrow);
  fold->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  auto* box = new QWidget(m_body);
  QFormLayout* rows = makeRows(box);
  for (const Field& field : fields)
    if (isAdvanced(field)) addRow(rows, section, field);
  box->hide();
  connect(fold, &QToolButton::toggled, box, &QWidget::setVisible);
  connect(fold, &QToolButton::toggled, fold,
          [fold](bool open) { fold->setArrowType(open ? Qt::DownArrow : Qt::RightArrow); });
  m_body->layout()->addWidget(fold);
  m_body->layout()->addWidget(box);
}

void FieldForm::addRow(QFormLayout* rows, const QString& section, const Field& field) {
  const QString name = QString::fromStdString(field.name);
  auto* editor = new FieldEditor(field, joined(section, name), rows->parentWidget());
  auto* label = new QLabel(rowLabel(field.name), rows->parentWidget());
  label->setToolTip(QStringLiteral("<p><b>%1</b></p><p>%2</p>")
                        .arg(joined(section, name).toHtmlEscaped(),
                             QString::fromStdString(field.info.doc).toHtmlEscaped()));
  label->setBuddy(editor->control());
  rows->addRow(label, editor);
  m_editors.insert(name, editor);
  connect(editor, &FieldEditor::edited, this,
          [this, name](const QString& text) { Q_EMIT fieldEdited(name, text); });
  connect(editor, &FieldEditor::problemChanged, this, &FieldForm::problemChanged);
}

void FieldForm::setValue(const QString& name, const nlohmann::json& value) {
  if (FieldEditor* editor = m_editors.value(name)) editor->setValue(value);
}

QString FieldForm::firstProblem() const {
  for (const FieldEditor* editor : m_editors)
    if (!editor->problem().isEmpty()) return editor->problem();
  return {};
}

}  // namespace ergo
