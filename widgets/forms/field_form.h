// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QMap>
#include <QWidget>
#include <vector>

#include "core/config/field.h"

class QFormLayout;
class QToolButton;

namespace ergo {

class FieldEditor;

/// An editor for any field list: one row a field, units and docs from the list, advanced fields
/// folded away. Adding a field to a config adds its row here; no form is written by hand.
class FieldForm : public QWidget {
  Q_OBJECT
 public:
  explicit FieldForm(QWidget* parent = nullptr);

  /// Builds the rows anew. `section` prefixes object names and messages ("" for none).
  void setFields(const QString& section, const std::vector<Field>& fields);
  void setValue(const QString& name, const nlohmann::json& value);  ///< emits nothing
  FieldEditor* editor(const QString& name) const { return m_editors.value(name); }
  QString firstProblem() const;  ///< the sentence of the first invalid row, or empty

 Q_SIGNALS:
  /// A finished, valid edit; `text` is what parse_value() reads.
  void fieldEdited(const QString& name, const QString& text);
  void problemChanged();

 private:
  void addRow(QFormLayout* rows, const QString& section, const Field& field);
  void addAdvanced(const QString& section, const std::vector<Field>& fields);
  QMap<QString, FieldEditor*> m_editors;
  QWidget* m_body = nullptr;
};

}  // namespace ergo
