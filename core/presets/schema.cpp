// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/schema.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/presets/preset.h"
#include "core/registry/learned.h"

namespace ergo {
namespace {

using nlohmann::json;

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

}  // namespace

void check_shape(const json& document, const std::string& source) {
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
  std::vector<std::string> objects = {"data",   "model",    "posterior", "target",    "family",
                                      "images", "transfer", "dynamics",  "evaluation"};
  for (const RegistryEntry& trainer : trainer_entries()) objects.push_back(trainer.id);
  for (const std::string& key : objects) {
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

}  // namespace ergo
