// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/preset.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/presets/assign.h"
#include "core/presets/parts.h"
#include "core/presets/tuned.h"
#include "core/registry/registry.h"

namespace ergo {
namespace {

using nlohmann::json;

void put_values(std::vector<Field>& fields, const json& object) {
  for (Field& field : fields) {
    if (auto it = object.find(field.name); it != object.end()) field.value = *it;
  }
}

std::vector<Problem> sampler_problems(const Preset& preset) {
  std::vector<std::string> known, seen;
  for (const RegistryEntry& entry : sampler_entries()) known.push_back(entry.id);
  std::vector<Problem> list;
  for (const json& section : preset.document.value("samplers", json::array())) {
    const std::string id = section.is_object() ? section.value("id", std::string()) : std::string();
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      list.push_back({"samplers",
                      fmt::format("Sampler '{}' is unknown{}", id, nearest_hint(id, known)),
                      ExitCode::usage});
    }
    if (std::find(seen.begin(), seen.end(), id) != seen.end()) {
      list.push_back({"samplers", fmt::format("Sampler '{}' is listed twice.", id)});
    }
    seen.push_back(id);
  }
  return list;
}

}  // namespace

std::string Preset::kind() const { return document.value("kind", std::string("compare")); }
std::string Preset::title() const { return document.value("title", id); }
std::string Preset::description() const { return document.value("description", std::string()); }

std::vector<Section> sections(const Preset& preset) {
  std::vector<Section> list;
  for (Part& part : parts(preset)) {
    if (!part.shown) continue;
    put_values(part.fields, part.object);
    list.push_back({part.name, part.label, part.doc, std::move(part.fields)});
  }
  return list;
}

json section_values(const Preset& preset, const std::string& name) {
  json values = json::object();
  for (const Section& section : sections(preset)) {
    if (section.name != name) continue;
    for (const Field& field : section.fields) values[field.name] = field.value;
  }
  return values;
}

void set_field(Preset& preset, const std::string& field, const std::string& value) {
  assign_field(preset, field, nullptr, value);
  preset.set.push_back(field);
  if (field == "gradient_evaluations") apply_tuned(preset);
}

std::vector<Problem> problems(const Preset& preset) {
  std::vector<Problem> list = is_meta(preset) ? std::vector<Problem>{} : sampler_problems(preset);
  for (const Part& part : parts(preset)) {
    const std::string prefix = part.name.empty() ? "" : part.name + ".";
    for (Problem& problem : problems(part.fields, part.object, prefix)) {
      list.push_back(std::move(problem));
    }
  }
  return list;
}

}  // namespace ergo
