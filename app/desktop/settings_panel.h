// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QMap>
#include <QScrollArea>
#include <QStringList>

namespace ergo {

class FieldForm;
class PresetDocument;
struct Section;

/// Every section of the open preset as a foldable form; edits go through the document's history.
class SettingsPanel : public QScrollArea {
  Q_OBJECT
 public:
  explicit SettingsPanel(PresetDocument* document, QWidget* parent = nullptr);
  /// The sentence of the first field that is not valid as typed, or empty.
  QString firstProblem() const;

 Q_SIGNALS:
  void editRefused(const QString& sentence);

 private:
  void rebuild();
  void addSection(const Section& section);
  void showField(const QString& path);
  /// Builds the forms anew, later, where a choice has brought other fields along.
  void followChoices();
  PresetDocument* m_document;
  QMap<QString, FieldForm*> m_forms;
  QStringList m_fields;        ///< dotted names of the fields that have editors
  QMap<QString, bool> m_open;  ///< which sections the user has unfolded, kept between presets
};

}  // namespace ergo
