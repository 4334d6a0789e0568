// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QUndoStack>
#include <optional>
#include <vector>

#include "core/presets/preset.h"

namespace ergo {

/// The preset that the window works on, its seed, and the history of its edits.
/// Every change goes through an undoable command that calls ergo::set_field.
class PresetDocument : public QObject {
  Q_OBJECT
 public:
  static constexpr const char* seedField = "seed";

  explicit PresetDocument(QObject* parent = nullptr);
  bool isOpen() const { return !m_preset.document.is_null(); }
  const Preset& preset() const { return m_preset; }
  /// One run each, in this order; never empty.
  const std::vector<std::uint64_t>& seeds() const { return m_seeds; }
  std::uint64_t seed() const { return m_seeds.front(); }
  QString seedText() const;  ///< "3" or "1-5"
  QUndoStack* history() { return &m_history; }

  /// Replaces the preset and forgets the history. @throws Error as load_preset().
  void open(const QString& idOrPath);

  /// Edits `field` ("gradient_evaluations", "sghmc.step_size"); `text` as set_field() reads it.
  /// @throws Error as set_field(); nothing has changed then.
  void edit(const QString& field, const QString& text);

  /// @throws Error{usage} unless `text` is a whole number from 0 to 2^64-1, or a range such as 1-5.
  void editSeed(const QString& text);

  /// The field of that dotted name with its present value.
  std::optional<Field> field(const QString& path) const;

  /// Writes the preset with its edits. Files that it names are named absolutely in it. @throws
  /// Error{io, cannot_create}.
  void saveAs(const QString& path) const;

 Q_SIGNALS:
  void opened();
  void fieldChanged(const QString& path);
  void seedChanged();

 private:
  friend class FieldCommand;
  friend class SeedCommand;
  void replace(const Preset& preset);  ///< tells of every field whose value differs
  void replaceSeeds(const std::vector<std::uint64_t>& seeds);
  Preset m_preset;
  std::vector<std::uint64_t> m_seeds{1};
  QUndoStack m_history;
};

}  // namespace ergo
