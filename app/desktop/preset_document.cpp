// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/preset_document.h"

#include <QUndoCommand>
#include <charconv>
#include <filesystem>

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "widgets/forms/field_text.h"

namespace ergo {

/// One edit of one field, or of the seed (an empty field name).
class EditCommand : public QUndoCommand {
 public:
  EditCommand(PresetDocument* document, QString field, QString before, QString after)
      : m_document(document),
        m_field(std::move(field)),
        m_before(std::move(before)),
        m_after(std::move(after)) {
    setText(m_field.isEmpty() ? PresetDocument::tr("seed %1").arg(m_after)
                              : PresetDocument::tr("%1 = %2").arg(m_field, m_after));
  }
  void undo() override { m_document->apply(m_field, m_before); }
  void redo() override { m_document->apply(m_field, m_after); }

 private:
  PresetDocument* m_document;
  QString m_field, m_before, m_after;
};

namespace {

std::uint64_t parseSeed(const QString& text) {
  const std::string digits = text.trimmed().toStdString();
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
  if (error != std::errc() || end != digits.data() + digits.size())
    throw Error(ExitCode::usage,
                PresetDocument::tr("The seed \"%1\" is not a whole number from 0 to "
                                   "18446744073709551615.")
                    .arg(text)
                    .toStdString());
  return seed;
}

/// The path of a text field that names an existing file relative to the preset; else empty.
std::string absoluteFile(const Preset& preset, const Field& field) {
  if (field.type != FieldType::text || !field.value.is_string()) return {};
  const std::filesystem::path name = field.value.get<std::string>();
  if (name.empty() || name.is_absolute()) return {};
  std::error_code error;
  const auto file = preset.folder / name;
  if (!std::filesystem::is_regular_file(file, error)) return {};
  return std::filesystem::absolute(file).lexically_normal().string();
}

}  // namespace

PresetDocument::PresetDocument(QObject* parent) : QObject(parent), m_history(this) {}

void PresetDocument::open(const QString& idOrPath) {
  m_preset = load_preset(idOrPath.toStdString());
  m_history.clear();
  if (const auto own = field(QString::fromLatin1(seedField)))
    m_seed = parseSeed(valueText(own->value));
  Q_EMIT opened();
}

std::optional<Field> PresetDocument::field(const QString& path) const {
  if (!isOpen()) return std::nullopt;
  const QString section = path.contains('.') ? path.section('.', 0, 0) : QString();
  const std::string name = (path.contains('.') ? path.section('.', 1) : path).toStdString();
  for (const Section& candidate : sections(m_preset))
    if (candidate.name == section.toStdString())
      for (const Field& field : candidate.fields)
        if (field.name == name) return field;
  return std::nullopt;
}

void PresetDocument::edit(const QString& path, const QString& text) {
  Preset trial = m_preset;
  set_field(trial, path.toStdString(), text.toStdString());  // throws before anything changes
  const auto before = field(path);
  if (trial.document == m_preset.document || !before) return;
  m_history.push(new EditCommand(this, path, valueText(before->value), text));
}

void PresetDocument::editSeed(const QString& text) {
  const std::uint64_t seed = parseSeed(text);
  if (seed == m_seed) return;
  m_history.push(new EditCommand(this, {}, QString::number(m_seed), QString::number(seed)));
}

void PresetDocument::apply(const QString& field, const QString& text) {
  if (field.isEmpty()) {
    m_seed = parseSeed(text);
    Q_EMIT seedChanged();
    return;
  }
  set_field(m_preset, field.toStdString(), text.toStdString());
  Q_EMIT fieldChanged(field);
}

void PresetDocument::saveAs(const QString& path) const {
  Preset copy = m_preset;
  for (const Section& section : sections(m_preset))
    for (const Field& field : section.fields)
      if (const std::string file = absoluteFile(m_preset, field); !file.empty())
        set_field(copy, section.name.empty() ? field.name : section.name + "." + field.name, file);
  io::write_file(path.toStdString(), copy.document.dump(2) + "\n");
}

}  // namespace ergo
