// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

#include "core/config/field.h"

class QLabel;
class QHBoxLayout;

namespace ergo {

/// The editor of one field: number with arrows, check box, choice or line of text, with its unit
/// or a button that asks for a file, and beneath it the sentence about a value that violates the
/// field's constraint.
class FieldEditor : public QWidget {
  Q_OBJECT
 public:
  /// `path` is the dotted name that messages use, e.g. "sghmc.step_size".
  FieldEditor(Field field, const QString& path, QWidget* parent = nullptr);
  const Field& field() const { return m_field; }
  QString text() const;
  void setValue(const nlohmann::json& value);  ///< shows a value; emits nothing
  QString problem() const { return m_problem; }
  QWidget* control() const { return m_control; }  ///< the widget that takes the focus

 Q_SIGNALS:
  void edited(const QString& text);  ///< a finished edit that changed the value and is valid
  void problemChanged();

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;

 private:
  QWidget* makeControl();
  QWidget* makeLine();
  QWidget* makeOffers();
  QWidget* makeNumber();
  QWidget* makeChoice();
  QWidget* makeCheck();
  QWidget* makeBrowse();
  void browse();  ///< asks for a file and takes it over
  void layOut();
  void check();
  void commit();
  Field m_field;
  QString m_path, m_problem;
  QWidget* m_control = nullptr;
  QLabel* m_message = nullptr;
  QLabel* m_icon = nullptr;
};

}  // namespace ergo
