// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/forms/field_editor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QStyle>
#include <QToolButton>

#include "widgets/forms/field_text.h"
#include "widgets/forms/number_edit.h"

namespace ergo {
namespace {

/// Red text at a contrast of at least 4.5:1 on the window's own background.
QColor errorColour(const QPalette& palette) {
  return palette.color(QPalette::Window).lightness() < 128 ? QColor(0xff, 0x9b, 0x8f)
                                                           : QColor(0xb0, 0x1c, 0x10);
}

QLineEdit* lineOf(QWidget* control) {
  if (auto* number = qobject_cast<NumberEdit*>(control)) return number->lineEdit();
  if (auto* box = qobject_cast<QComboBox*>(control))
    return box->lineEdit();  // null unless editable
  return qobject_cast<QLineEdit*>(control);
}

}  // namespace

FieldEditor::FieldEditor(Field field, const QString& path, QWidget* parent)
    : QWidget(parent), m_field(std::move(field)), m_path(path) {
  m_control = makeControl();
  m_control->setObjectName(path);
  m_control->setAccessibleName(path);
  m_control->setAccessibleDescription(QString::fromStdString(m_field.info.doc));
  m_control->setToolTip(
      QString::fromStdString(m_field.info.doc.empty() ? m_field.name : m_field.info.doc));
  m_control->installEventFilter(this);
  if (QLineEdit* line = lineOf(m_control); line && line != m_control) {
    line->setObjectName(path + QStringLiteral(".text"));
    line->setAccessibleName(path);
    line->installEventFilter(this);
  }
  layOut();
  setFocusProxy(m_control);
  setValue(m_field.value);
}

QWidget* FieldEditor::makeControl() {
  switch (m_field.type) {
    case FieldType::boolean:
      return makeCheck();
    case FieldType::choice:
      return makeChoice();
    case FieldType::real:
    case FieldType::integer:
      return makeNumber();
    case FieldType::text:
      return m_field.info.suggestions.empty() ? makeLine() : makeOffers();
    case FieldType::integer_list:
    case FieldType::real_list:
      break;
  }
  return makeLine();
}

QWidget* FieldEditor::makeLine() {
  auto* line = new QLineEdit(this);
  if (m_field.type != FieldType::text) line->setPlaceholderText(tr("numbers, e.g. 40,40"));
  connect(line, &QLineEdit::textChanged, this, &FieldEditor::check);
  connect(line, &QLineEdit::editingFinished, this, &FieldEditor::commit);
  return line;
}

/// Any text, with some of them to choose from; the list says what each one is.
QWidget* FieldEditor::makeOffers() {
  auto* box = new QComboBox(this);
  box->setEditable(true);
  box->setInsertPolicy(QComboBox::NoInsert);
  for (const Suggestion& offer : m_field.info.suggestions) {
    box->addItem(QString::fromStdString(offer.value));
    box->setItemData(box->count() - 1, QString::fromStdString(offer.explanation), Qt::ToolTipRole);
  }
  connect(box, &QComboBox::editTextChanged, this, &FieldEditor::check);
  connect(box->lineEdit(), &QLineEdit::editingFinished, this, &FieldEditor::commit);
  connect(box, &QComboBox::activated, this, &FieldEditor::commit);
  return box;
}

QWidget* FieldEditor::makeNumber() {
  auto* number = new NumberEdit(m_field, this);
  connect(number->lineEdit(), &QLineEdit::textChanged, this, &FieldEditor::check);
  connect(number, &QAbstractSpinBox::editingFinished, this, &FieldEditor::commit);
  connect(number, &NumberEdit::stepped, this, &FieldEditor::commit);
  return number;
}

QWidget* FieldEditor::makeChoice() {
  auto* box = new QComboBox(this);
  for (const std::string& choice : m_field.info.choices)
    box->addItem(QString::fromStdString(choice));
  connect(box, &QComboBox::currentTextChanged, this, &FieldEditor::check);
  connect(box, &QComboBox::activated, this, &FieldEditor::commit);
  return box;
}

QWidget* FieldEditor::makeCheck() {
  auto* box = new QCheckBox(this);
  connect(box, &QCheckBox::clicked, this, &FieldEditor::commit);
  return box;
}

QWidget* FieldEditor::makeBrowse() {
  auto* button = new QToolButton(this);
  button->setText(QStringLiteral("…"));
  button->setObjectName(m_path + QStringLiteral(".browse"));
  button->setAccessibleName(tr("Choose a file for %1").arg(m_path));
  button->setToolTip(tr("Choose a file"));
  connect(button, &QToolButton::clicked, this, &FieldEditor::browse);
  return button;
}

void FieldEditor::browse() {
  auto* dialog = new QFileDialog(this, tr("Choose a file for %1").arg(m_path));
  dialog->setObjectName(m_path + QStringLiteral(".dialog"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  if (const QFileInfo present(text()); present.isAbsolute())
    dialog->setDirectory(present.absolutePath());
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) {
    lineOf(m_control)->setText(file);
    commit();
  });
  dialog->open();
}

void FieldEditor::layOut() {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setVerticalSpacing(2);
  grid->setColumnStretch(1, 1);
  grid->addWidget(m_control, 0, 0, 1, 2);
  if (!m_field.info.unit.empty())
    grid->addWidget(new QLabel(QString::fromStdString(m_field.info.unit), this), 0, 2);
  if (m_field.info.file) grid->addWidget(makeBrowse(), 0, 2);
  m_icon = new QLabel(this);
  m_message = new QLabel(this);
  m_message->setObjectName(m_path + QStringLiteral(".problem"));
  m_message->setWordWrap(true);
  grid->addWidget(m_icon, 1, 0, Qt::AlignTop);
  grid->addWidget(m_message, 1, 1, 1, 2);
  m_icon->hide();
  m_message->hide();
}

QString FieldEditor::text() const {
  if (auto* check = qobject_cast<QCheckBox*>(m_control))
    return check->isChecked() ? QStringLiteral("true") : QStringLiteral("false");
  if (auto* box = qobject_cast<QComboBox*>(m_control)) return box->currentText();
  return lineOf(m_control)->text();
}

void FieldEditor::setValue(const nlohmann::json& value) {
  m_field.value = value;
  const QSignalBlocker block(m_control);
  if (auto* check = qobject_cast<QCheckBox*>(m_control))
    check->setChecked(value.is_boolean() && value.get<bool>());
  else if (auto* box = qobject_cast<QComboBox*>(m_control))
    box->setCurrentText(valueText(value));
  else
    lineOf(m_control)->setText(valueText(value));
  check();
}

void FieldEditor::check() {
  QString message;
  try {
    const auto value = parse_value(m_field, m_path.toStdString(), text().toStdString());
    message = QString::fromStdString(violation(m_field, m_path.toStdString(), value));
  } catch (const Error& error) {
    message = QString::fromStdString(error.what());
  }
  if (message == m_problem) return;
  m_problem = message;
  const int size = style()->pixelMetric(QStyle::PM_SmallIconSize);
  m_icon->setPixmap(style()->standardIcon(QStyle::SP_MessageBoxWarning).pixmap(size));
  QPalette colours = palette();
  colours.setColor(QPalette::WindowText, errorColour(palette()));
  m_message->setPalette(colours);
  m_message->setText(message);
  m_icon->setVisible(!message.isEmpty());
  m_message->setVisible(!message.isEmpty());
  Q_EMIT problemChanged();
}

void FieldEditor::commit() {
  check();
  if (!m_problem.isEmpty()) return;
  const auto value = parse_value(m_field, m_path.toStdString(), text().toStdString());
  if (value == m_field.value) return;
  m_field.value = value;
  Q_EMIT edited(text());
}

/// While a control has nothing of its own to undo, Ctrl+Z belongs to the window's undo stack; and
/// Space on a check box or choice belongs to the control, not to "pause".
bool FieldEditor::eventFilter(QObject* object, QEvent* event) {
  if (event->type() == QEvent::PaletteChange && object == m_control && !m_problem.isEmpty()) {
    m_problem.clear();
    check();
  }
  if (event->type() != QEvent::ShortcutOverride) return QWidget::eventFilter(object, event);
  auto* key = static_cast<QKeyEvent*>(event);
  QLineEdit* line = lineOf(m_control);
  const bool undo = key->matches(QKeySequence::Undo) && line && !line->isUndoAvailable();
  const bool redo = key->matches(QKeySequence::Redo) && line && !line->isRedoAvailable();
  if (undo || redo) {
    event->ignore();
    return true;
  }
  if (!line && key->key() == Qt::Key_Space) {
    event->accept();
    return true;
  }
  return QWidget::eventFilter(object, event);
}

}  // namespace ergo
