// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

class QListWidget;

namespace ergo {

/// The shipped presets of one kind ("compare" or "meta-train") with title and description.
class PresetGallery : public QWidget {
  Q_OBJECT
 public:
  PresetGallery(const QString& kind, QWidget* parent = nullptr);
  void fill();              ///< reads the preset folder; unreadable presets are shown disabled
  QString current() const;  ///< id, or empty
  void select(const QString& id);  ///< without emitting `chosen`
  int count() const;
  QString firstToTry() const;  ///< the preset to begin with: a small toy; empty without presets

 Q_SIGNALS:
  void chosen(const QString& id);     ///< another preset was selected
  void activated(const QString& id);  ///< double-click or Return: load and start

 private:
  QString m_kind;
  QListWidget* m_list;
};

}  // namespace ergo
