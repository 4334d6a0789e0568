// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/preset_document.h"

#include <QUndoCommand>

#include "core/base/error.h"
#include "core/base/number.h"
#include "core/io/atomic_file.h"
#include "core/presets/files.h"
#include "core/presets/store.h"
#include "widgets/forms/field_text.h"

namespace ergo {

/// One edit of one field. It keeps the whole preset before and after, because a new budget may
/// bring the step sizes tuned for it along.
class FieldCommand : public QUndoCommand {
 public:
  FieldCommand(PresetDocument* document, const QString& field, const QString& text, Preset before,
               Preset after)
      : m_document(document), m_before(std::move(before)), m_after(std::move(after)) {
    setText(PresetDocument::tr("%1 = %2").arg(field, text));
  }
  void undo() override { m_document->replace(m_before); }
  void redo() override { m_document->replace(m_after); }

 private:
  PresetDocument* m_document;
  Preset m_before, m_after;
};

class SeedCommand : public QUndoCommand {
 public:
  SeedCommand(PresetDocument* document, std::uint64_t before, std::uint64_t after)
      : m_document(document), m_before(before), m_after(after) {
    setText(PresetDocument::tr("seed %1").arg(after));
  }
  void undo() override { m_document->replaceSeed(m_before); }
  void redo() override { m_document->replaceSeed(m_after); }

 private:
  PresetDocument* m_document;
  std::uint64_t m_before, m_after;
};

namespace {

std::uint64_t parseSeed(const QString& text) {
  if (const auto seed = parse_number<std::uint64_t>(text.trimmed().toStdString())) return *seed;
  throw Error(ExitCode::usage, PresetDocument::tr("The seed \"%1\" is not a whole number from 0 to "
                                                  "18446744073709551615.")
                                   .arg(text)
                                   .toStdString());
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
  if (trial.document == m_preset.document) return;
  m_history.push(new FieldCommand(this, path, text, m_preset, std::move(trial)));
}

void PresetDocument::editSeed(const QString& text) {
  const std::uint64_t seed = parseSeed(text);
  if (seed != m_seed) m_history.push(new SeedCommand(this, m_seed, seed));
}

void PresetDocument::replace(const Preset& preset) {
  const std::vector<Section> before = sections(m_preset);
  m_preset = preset;
  const std::vector<Section> after = sections(m_preset);
  for (std::size_t s = 0; s < after.size(); ++s) {
    const QString prefix =
        after[s].name.empty() ? QString() : QString::fromStdString(after[s].name + ".");
    for (std::size_t f = 0; f < after[s].fields.size(); ++f) {
      const Field& field = after[s].fields[f];
      if (field.value != before[s].fields[f].value)
        Q_EMIT fieldChanged(prefix + QString::fromStdString(field.name));
    }
  }
}

void PresetDocument::replaceSeed(std::uint64_t seed) {
  m_seed = seed;
  Q_EMIT seedChanged();
}

void PresetDocument::saveAs(const QString& path) const {
  io::write_file(path.toStdString(), with_absolute_files(m_preset).document.dump(2) + "\n");
}

}  // namespace ergo
