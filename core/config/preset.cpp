// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/preset.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdlib>

#include "core/data/data_config.h"
#include "core/io/atomic_file.h"
#include "core/meta/meta_config.h"
#include "core/models/network.h"
#include "core/posteriors/posterior.h"
#include "core/registry/registry.h"
#include "core/run/run_config.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t preset_size_limit = 1 << 20;
const std::vector<std::string> descriptive_keys = {"schema", "kind", "title", "description"};

bool is_meta(const Preset& preset) { return preset.kind() == "meta-train"; }

std::vector<std::string> structural_keys(const Preset& preset) {
  std::vector<std::string> keys = descriptive_keys;
  const std::vector<std::string> more =
      is_meta(preset)
          ? std::vector<std::string>{"family", "es", "dynamics", "evaluation"}
          : std::vector<std::string>{"data", "model", "posterior", "samplers", "tuned", "tuning"};
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

/// The top-level keys that are fields of the run itself.
json own_fields(const Preset& preset) {
  json own = json::object();
  const std::vector<std::string> structural = structural_keys(preset);
  for (const auto& [key, value] : preset.document.items()) {
    if (std::find(structural.begin(), structural.end(), key) == structural.end()) own[key] = value;
  }
  return own;
}

json without_id(json section) {
  section.erase("id");
  return section;
}

void put_values(std::vector<Field>& fields, const json& object) {
  for (Field& field : fields) {
    if (auto it = object.find(field.name); it != object.end()) field.value = *it;
  }
}

struct Part {
  std::string name, label, doc;
  std::vector<Field> fields;
  json object;
};

Part plain_part(const Preset& preset, std::string name, std::string label,
                std::vector<Field> fields) {
  const json object =
      name.empty() ? own_fields(preset) : preset.document.value(name, json::object());
  return {std::move(name), std::move(label), "", std::move(fields), object};
}

std::vector<Part> meta_parts(const Preset& preset) {
  return {plain_part(preset, "", "Meta-training", fields_of(MetaConfig{})),
          plain_part(preset, "family", "Task family", fields_of(FamilyConfig{})),
          plain_part(preset, "es", "Evolution strategies", fields_of(EsConfig{})),
          plain_part(preset, "dynamics", "L2E dynamics", fields_of(MetaDynamicsConfig{})),
          plain_part(preset, "evaluation", "Held-out evaluation", fields_of(EvaluationConfig{}))};
}

const RegistryEntry* find_sampler(const std::string& id) {
  for (const RegistryEntry& entry : sampler_entries()) {
    if (entry.id == id) return &entry;
  }
  return nullptr;
}

std::vector<Part> parts(const Preset& preset) {
  if (is_meta(preset)) return meta_parts(preset);
  std::vector<Part> list = {
      plain_part(preset, "", "Run", fields_of(RunConfig{})),
      plain_part(preset, "data", "Data", fields_of(DataConfig{})),
      plain_part(preset, "model", "Model", fields_of(ModelConfig{})),
      plain_part(preset, "posterior", "Posterior", fields_of(PosteriorConfig{}))};
  for (const json& section : preset.document.value("samplers", json::array())) {
    const RegistryEntry* entry = find_sampler(section.value("id", std::string()));
    if (!entry) continue;
    list.push_back({entry->id, entry->label, entry->doc + " (" + entry->source + ")", entry->fields,
                    without_id(section)});
  }
  return list;
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

[[noreturn]] void unknown_field(const Preset& preset, const std::string& field,
                                const std::vector<Part>& list) {
  std::vector<std::string> known;
  for (const Part& part : list) {
    for (const Field& f : part.fields) {
      known.push_back(part.name.empty() ? f.name : part.name + "." + f.name);
    }
  }
  throw Error(ExitCode::usage, fmt::format("Field '{}' is unknown in preset '{}'{}", field,
                                           preset.id, nearest_hint(field, known)));
}

/// Puts a checked JSON value where `field` points to.
void assign(Preset& preset, const std::string& field, const json* value, const std::string& text) {
  const std::size_t dot = field.find('.');
  const std::string section = dot == std::string::npos ? "" : field.substr(0, dot);
  const std::string name = dot == std::string::npos ? field : field.substr(dot + 1);
  const std::vector<Part> list = parts(preset);
  for (const Part& part : list) {
    if (part.name != section) continue;
    for (const Field& f : part.fields) {
      if (f.name != name) continue;
      const json parsed = value ? *value : parse_value(f, field, text);
      if (std::string message = violation(f, field, parsed); !message.empty()) {
        throw Error(ExitCode::config, message);
      }
      if (!section_object(preset, section)) preset.document[section] = json::object();
      (*section_object(preset, section))[name] = parsed;
      return;
    }
  }
  unknown_field(preset, field, list);
}

/// Step sizes are tuned per budget: takes the entry of the largest budget within this one.
void apply_tuned(Preset& preset) {
  if (!preset.document.contains("tuned")) return;
  const auto budget =
      own_fields(preset).value("gradient_evaluations", RunConfig{}.gradient_evaluations);
  const json* best = nullptr;
  std::int64_t best_budget = 0;
  for (const json& entry : preset.document["tuned"]) {
    const auto at = entry.at("gradient_evaluations").get<std::int64_t>();
    const bool better = !best || (at <= budget ? at > best_budget || best_budget > budget
                                               : best_budget > budget && at < best_budget);
    if (better) best = &entry, best_budget = at;
  }
  if (!best) return;
  const json values = best->at("set");
  for (const auto& [field, value] : values.items()) {
    if (std::find(preset.set.begin(), preset.set.end(), field) == preset.set.end()) {
      assign(preset, field, &value, {});
    }
  }
}

/// samplers: objects with a text id; tuned: {gradient_evaluations, set}; tuning: {seeds, grid}.
template <class Fail>
void check_lists(const json& document, const Fail& fail) {
  const auto every = [&](const char* key, auto fits, const char* shape) {
    if (!document.contains(key)) return;
    const json& list = document[key];
    if (!list.is_array() || !std::all_of(list.begin(), list.end(), fits)) {
      fail(fmt::format("field '{}' must be a list of {}.", key, shape));
    }
  };
  every(
      "samplers",
      [](const json& s) { return s.is_object() && s.contains("id") && s["id"].is_string(); },
      "objects with a text field 'id'");
  every(
      "tuned",
      [](const json& t) {
        return t.is_object() && t.contains("gradient_evaluations") &&
               t["gradient_evaluations"].is_number_integer() && t.contains("set") &&
               t["set"].is_object();
      },
      "objects with 'gradient_evaluations' and 'set'");
  if (!document.contains("tuning")) return;
  const json& tuning = document["tuning"];
  const bool fits = tuning.is_object() && tuning.contains("grid") && tuning["grid"].is_object() &&
                    (!tuning.contains("seeds") || tuning["seeds"].is_string());
  if (!fits) fail("field 'tuning' must be an object with 'grid' and, as text, 'seeds'.");
}

void check_shape(const Preset& preset, const std::string& source) {
  const json& document = preset.document;
  const auto fail = [&source](const std::string& what) {
    throw Error(ExitCode::config, source + ": " + what);
  };
  if (!document.is_object()) fail("a preset must be a JSON object.");
  if (document.value("schema", json()) != json(preset_schema)) {
    fail(fmt::format("field 'schema' is {}, but this build reads {}.",
                     document.value("schema", json()).dump(), preset_schema));
  }
  const json kind = document.value("kind", json());
  if (kind != "compare" && kind != "meta-train") {
    fail(fmt::format("field 'kind' is {}, but must be compare or meta-train.", kind.dump()));
  }
  for (const char* key : {"data", "model", "posterior", "family", "es", "dynamics", "evaluation"}) {
    if (document.contains(key) && !document[key].is_object()) {
      fail(fmt::format("field '{}' must be an object of fields.", key));
    }
  }
  for (const char* key : {"title", "description"}) {
    if (document.contains(key) && !document[key].is_string()) {
      fail(fmt::format("field '{}' must be text.", key));
    }
  }
  check_lists(document, fail);
}

json parse_document(const std::string& text, const std::string& source) {
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    throw Error(ExitCode::data, fmt::format("{}: not valid JSON: {}.", source, error.what()));
  }
}

fs::path resolve(const std::string& id_or_path) {
  const bool is_path = id_or_path.find('/') != std::string::npos || id_or_path.ends_with(".json");
  if (is_path) return id_or_path;
  const std::vector<std::string> ids = preset_ids();
  if (std::find(ids.begin(), ids.end(), id_or_path) == ids.end()) {
    throw Error(ExitCode::usage,
                fmt::format("Preset '{}' is unknown{}", id_or_path, nearest_hint(id_or_path, ids)));
  }
  return preset_folder() / (id_or_path + ".json");
}

}  // namespace

std::string Preset::kind() const { return document.value("kind", std::string("compare")); }
std::string Preset::title() const { return document.value("title", id); }
std::string Preset::description() const { return document.value("description", std::string()); }

fs::path preset_folder() {
  if (const char* given = std::getenv("ERGOSCOPE_PRESETS"); given && *given) return given;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path installed = program.parent_path().parent_path() / "share/ergoscope/presets";
    if (fs::is_directory(installed, error)) return installed;
  }
  return ERGO_SOURCE_PRESETS;
}

std::vector<std::string> preset_ids() {
  std::vector<std::string> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(preset_folder(), error)) {
    if (entry.path().extension() == ".json") ids.push_back(entry.path().stem().string());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Preset load_preset(const std::string& id_or_path) {
  const fs::path path = resolve(id_or_path);
  Preset preset;
  preset.id = path.stem().string();
  preset.folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  preset.document = parse_document(io::read_file(path, preset_size_limit), path.string());
  check_shape(preset, path.string());
  require_none(problems(preset), path.string());
  apply_tuned(preset);
  return preset;
}

std::vector<Section> sections(const Preset& preset) {
  std::vector<Section> list;
  for (Part& part : parts(preset)) {
    put_values(part.fields, part.object);
    list.push_back({part.name, part.label, part.doc, std::move(part.fields)});
  }
  return list;
}

void set_field(Preset& preset, const std::string& field, const std::string& value) {
  assign(preset, field, nullptr, value);
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
