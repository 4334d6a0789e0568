// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/preset_document.h"

#include <QUndoCommand>
#include <map>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/number.h"
#include "core/io/atomic_file.h"
#include "core/presets/files.h"
#include "core/presets/store.h"
#include "core/run/tune.h"
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
  using Seeds = std::vector<std::uint64_t>;
  SeedCommand(PresetDocument* document, const QString& text, Seeds after)
      : m_document(document), m_before(document->seeds()), m_after(std::move(after)) {
    setText(PresetDocument::tr("seed %1").arg(text));
  }
  void undo() override { m_document->replaceSeeds(m_before); }
  void redo() override { m_document->replaceSeeds(m_after); }

 private:
  PresetDocument* m_document;
  Seeds m_before, m_after;
};

namespace {

std::vector<std::uint64_t> parseSeeds(const QString& text) {
  const std::string plain = text.trimmed().toStdString();
  if (plain.find('-') != std::string::npos) return parse_seed_range(plain);
  if (const auto seed = parse_number<std::uint64_t>(plain)) return {*seed};
  throw Error(ExitCode::usage, PresetDocument::tr("The seed \"%1\" is not a whole number from 0 to "
                                                  "18446744073709551615, nor a range such as 1-5.")
                                   .arg(text)
                                   .toStdString());
}

/// Dotted name and value of every field, in the order of the forms.
std::vector<std::pair<QString, nlohmann::json>> valuesOf(const Preset& preset) {
  std::vector<std::pair<QString, nlohmann::json>> values;
  for (const Section& section : sections(preset)) {
    const std::string prefix = section.name.empty() ? "" : section.name + ".";
    for (const Field& field : section.fields)
      values.emplace_back(QString::fromStdString(prefix + field.name), field.value);
  }
  return values;
}

}  // namespace

PresetDocument::PresetDocument(QObject* parent) : QObject(parent), m_history(this) {}

void PresetDocument::open(const QString& idOrPath) {
  m_preset = load_preset(idOrPath.toStdString());
  m_history.clear();
  if (const auto own = field(QString::fromLatin1(seedField)))
    m_seeds = parseSeeds(valueText(own->value));
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
  std::vector<std::uint64_t> seeds = parseSeeds(text);
  if (seeds != m_seeds) m_history.push(new SeedCommand(this, text.trimmed(), std::move(seeds)));
}

QString PresetDocument::seedText() const {
  const QString first = QString::number(m_seeds.front());
  return m_seeds.size() == 1 ? first : QStringLiteral("%1-%2").arg(first).arg(m_seeds.back());
}

void PresetDocument::replace(const Preset& preset) {
  const auto list = valuesOf(m_preset);
  const std::map<QString, nlohmann::json> before(list.begin(), list.end());
  m_preset = preset;  // maybe with other fields than before, where a choice brings them along
  for (const auto& [path, value] : valuesOf(m_preset)) {
    const auto it = before.find(path);
    if (it == before.end() || it->second != value) Q_EMIT fieldChanged(path);
  }
}

void PresetDocument::replaceSeeds(const std::vector<std::uint64_t>& seeds) {
  m_seeds = seeds;
  Q_EMIT seedChanged();
}

void PresetDocument::saveAs(const QString& path) const {
  io::write_file(path.toStdString(), with_absolute_files(m_preset).document.dump(2) + "\n");
}

}  // namespace ergo
