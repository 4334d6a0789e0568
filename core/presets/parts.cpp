// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/parts.h"

#include <algorithm>

#include "core/config/image_family.h"
#include "core/config/meta_config.h"
#include "core/config/run_config.h"
#include "core/data/data_config.h"
#include "core/models/models.h"
#include "core/posteriors/posterior.h"
#include "core/registry/learned.h"
#include "core/registry/registry.h"
#include "core/targets/targets.h"

namespace ergo {
namespace {

using nlohmann::json;

const std::vector<std::string> descriptive_keys = {"schema", "kind", "title", "description"};

std::vector<std::string> structural_keys(const Preset& preset) {
  std::vector<std::string> keys = descriptive_keys;
  std::vector<std::string> more = {"data", "model", "posterior", "samplers", "tuned", "tuning"};
  if (is_target(preset)) more = {"target", "samplers", "tuned", "tuning"};
  if (is_meta(preset)) {
    more = {"family", "images", "transfer", "dynamics", "evaluation"};
    for (const RegistryEntry& trainer : trainer_entries()) more.push_back(trainer.id);
  }
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

json without_id(json section) {
  section.erase("id");
  return section;
}

Part plain_part(const Preset& preset, std::string name, std::string label,
                std::vector<Field> fields) {
  const json object =
      name.empty() ? own_fields(preset) : preset.document.value(name, json::object());
  return {std::move(name), std::move(label), "", std::move(fields), object};
}

/// The parts of all trainers, so that their fields may be set in any order; the chosen one is
/// shown.
std::vector<Part> meta_parts(const Preset& preset) {
  const json own = own_fields(preset);
  const auto text = [&own](const char* name) {
    const json value = own.value(name, json());
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  const ChosenRows chosen = chosen_rows(text("sampler"), text("trainer"));
  std::vector<Part> list = {
      plain_part(preset, "", "Meta-training", chosen.loop),
      plain_part(preset, "family", "Task family", fields_of(FamilyConfig{})),
      plain_part(preset, "images", "Image tasks", fields_of(ImageFamilyConfig{})),
      plain_part(preset, "transfer", "Transfer", fields_of(TransferConfig{}))};
  const bool on_images = text("tasks") == "images";
  list[1].shown = !on_images;
  list[2].shown = list[3].shown = on_images;
  for (const RegistryEntry& trainer : trainer_entries()) {
    Part part =
        plain_part(preset, trainer.id, trainer.label, trainer_fields(trainer, *chosen.sampler));
    part.doc = trainer.doc + " (" + trainer.source + ")";
    part.shown = &trainer == chosen.trainer;
    list.push_back(std::move(part));
  }
  const RegistryEntry& sampler = chosen.sampler->entry;
  list.push_back(plain_part(preset, "dynamics", sampler.label + " dynamics", sampler.fields));
  list.push_back(
      plain_part(preset, "evaluation", "Held-out evaluation", fields_of(EvaluationConfig{})));
  return list;
}

}  // namespace

bool is_meta(const Preset& preset) { return preset.kind() == "meta-train"; }

bool is_target(const Preset& preset) {
  return !is_meta(preset) && preset.document.contains("target");
}

json own_fields(const Preset& preset) {
  json own = json::object();
  const std::vector<std::string> structural = structural_keys(preset);
  for (const auto& [key, value] : preset.document.items()) {
    if (std::find(structural.begin(), structural.end(), key) == structural.end()) own[key] = value;
  }
  return own;
}

std::vector<Part> parts(const Preset& preset) {
  if (is_meta(preset)) return meta_parts(preset);
  std::vector<Part> list = {plain_part(preset, "", "Run", fields_of(RunConfig{}))};
  if (is_target(preset)) {
    list.push_back(plain_part(preset, "target", "Target", target_fields()));
  } else {
    list.push_back(plain_part(preset, "data", "Data", fields_of(DataConfig{})));
    list.push_back(plain_part(preset, "model", "Model", model_fields()));
    list.push_back(plain_part(preset, "posterior", "Posterior", fields_of(PosteriorConfig{})));
  }
  for (const json& section : preset.document.value("samplers", json::array())) {
    const SamplerEntry* entry = find_sampler(section.value("id", std::string()));
    if (!entry) continue;
    list.push_back({entry->id, entry->label, entry->doc + " (" + entry->source + ")", entry->fields,
                    without_id(section)});
  }
  return list;
}

json* section_object(Preset& preset, const std::string& name) {
  if (name.empty()) return &preset.document;
  if (preset.document.contains(name) && preset.document[name].is_object()) {
    return &preset.document[name];
  }
  if (preset.document.contains("samplers")) {
    for (json& section : preset.document["samplers"]) {
      if (section.value("id", std::string()) == name) return &section;
    }
  }
  return nullptr;
}

}  // namespace ergo
