// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/settings_panel.h"

#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/desktop/preset_document.h"
#include "core/base/error.h"
#include "widgets/forms/field_form.h"

namespace ergo {
namespace {

QToolButton* makeFold(const QString& name, const QString& label, const QString& doc) {
  auto* fold = new QToolButton;
  fold->setObjectName(QStringLiteral("section.") + name);
  fold->setText(label);
  fold->setAccessibleName(PresetDocument::tr("Section %1").arg(label));
  fold->setToolTip(doc.isEmpty() ? label : QStringLiteral("<p>%1</p>").arg(doc.toHtmlEscaped()));
  fold->setCheckable(true);
  fold->setAutoRaise(true);
  fold->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  fold->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  QFont font = fold->font();
  font.setBold(true);
  fold->setFont(font);
  return fold;
}

/// Dotted names of all fields that a form shows.
QStringList fieldNames(const Preset& preset) {
  QStringList names;
  for (const Section& section : sections(preset))
    for (const Field& field : section.fields)
      names << QString::fromStdString(section.name + '.' + field.name);
  return names;
}

}  // namespace

SettingsPanel::SettingsPanel(PresetDocument* document, QWidget* parent)
    : QScrollArea(parent), m_document(document) {
  setObjectName(QStringLiteral("settings"));
  setAccessibleName(tr("Settings of the preset"));
  setToolTip(tr("Every field of the preset. A change applies to the next run."));
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_open[QString()] = true;
  connect(document, &PresetDocument::opened, this, &SettingsPanel::rebuild);
  connect(document, &PresetDocument::fieldChanged, this, &SettingsPanel::showField);
}

void SettingsPanel::rebuild() {
  m_forms.clear();
  m_fields = fieldNames(m_document->preset());
  auto* body = new QWidget;
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(6, 4, 6, 4);
  column->setSpacing(2);
  setWidget(body);  // deletes the forms of the preset before
  for (const Section& section : sections(m_document->preset())) addSection(section);
  column->addStretch(1);
}

void SettingsPanel::addSection(const Section& section) {
  const QString name = QString::fromStdString(section.name);
  QToolButton* fold =
      makeFold(name, QString::fromStdString(section.label), QString::fromStdString(section.doc));
  auto* form = new FieldForm;
  form->setContentsMargins(18, 0, 0, 6);
  form->setFields(name, section.fields);
  const auto open = [this, fold, form, name](bool on) {
    m_open[name] = on;
    form->setVisible(on);
    fold->setArrowType(on ? Qt::DownArrow : Qt::RightArrow);
  };
  widget()->layout()->addWidget(fold);
  widget()->layout()->addWidget(form);
  connect(fold, &QToolButton::toggled, this, open);
  fold->setChecked(m_open.value(name));
  open(fold->isChecked());
  m_forms.insert(name, form);
  connect(form, &FieldForm::fieldEdited, this,
          [this, name](const QString& field, const QString& text) {
            const QString path = name.isEmpty() ? field : name + QLatin1Char('.') + field;
            try {
              m_document->edit(path, text);
            } catch (const Error& error) {
              showField(path);  // the form shows what holds, not what was refused
              Q_EMIT editRefused(QString::fromStdString(error.what()));
            }
          });
}

void SettingsPanel::showField(const QString& path) {
  const QString section = path.contains('.') ? path.section('.', 0, 0) : QString();
  const auto field = m_document->field(path);
  if (FieldForm* form = m_forms.value(section); form && field)
    form->setValue(QString::fromStdString(field->name), field->value);
  followChoices();
}

void SettingsPanel::followChoices() {
  if (fieldNames(m_document->preset()) == m_fields) return;
  // The editor that made the choice is still at work.
  QMetaObject::invokeMethod(
      this,
      [this] {
        if (fieldNames(m_document->preset()) != m_fields) rebuild();
      },
      Qt::QueuedConnection);
}

QString SettingsPanel::firstProblem() const {
  for (const FieldForm* form : m_forms)
    if (const QString problem = form->firstProblem(); !problem.isEmpty()) return problem;
  return {};
}

}  // namespace ergo
