// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/run_job.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <utility>

#include "core/base/number.h"
#include "core/presets/files.h"

namespace ergo {
namespace {

using nlohmann::json;

constexpr const char* interval = "checkpoint_seconds";

json seeds_json(const std::vector<std::uint64_t>& seeds) {
  json list = json::array();
  for (const std::uint64_t seed : seeds) list.push_back(fmt::format("{}", seed));
  return list;
}

std::vector<std::uint64_t> seeds_from(const json& list) {
  std::vector<std::uint64_t> seeds;
  for (const json& text : list) {
    const auto seed = parse_number<std::uint64_t>(text.get_ref<const std::string&>());
    if (!seed) throw std::invalid_argument("a seed that is no number");
    seeds.push_back(*seed);
  }
  return seeds;
}

/// Every field with its value, in the order of the sections.
std::vector<std::pair<std::string, json>> values_of(const Preset& preset) {
  std::vector<std::pair<std::string, json>> values;
  for (const Section& section : sections(with_absolute_files(preset))) {
    for (const Field& field : section.fields) {
      const bool top = section.name.empty();
      if (top && field.name == interval) continue;
      values.emplace_back(top ? field.name : section.name + "." + field.name, field.value);
    }
  }
  return values;
}

/// Names a file as it did where that leads to the same one, else absolutely: the working folder may
/// be another one now.
void find_again(Preset& preset, const json& files) {
  std::map<std::string, std::string> here;
  for (const PresetFile& file : preset_files(preset)) here[file.field] = file.path.string();
  for (const auto& [field, path] : files.items()) {
    if (here[field] != path) set_field(preset, field, path.get<std::string>());
  }
}

std::string difference(const Preset& given, const Preset& stored) {
  if (given.kind() != stored.kind())
    return fmt::format("Field 'kind' is {}, but {}", given.kind(), stored.kind());
  const auto a = values_of(given), b = values_of(stored);
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (i >= a.size() || i >= b.size() || a[i].first != b[i].first) {
      const auto name = [i](const auto& list) { return i < list.size() ? list[i].first : "none"; };
      return fmt::format("Field '{}' is here, but '{}' in its place", name(a), name(b));
    }
    if (a[i].second != b[i].second) {
      return fmt::format("Field '{}' is {}, but {}", a[i].first, a[i].second.dump(),
                         b[i].second.dump());
    }
  }
  return {};
}

}  // namespace

json resolved_document(const Preset& preset) {
  Preset copy = with_absolute_files(preset);
  copy.document.erase("tuned");
  return copy.document;
}

json to_json(const RunJob& job) {
  json document = job.preset.document, files = json::object();
  document.erase("tuned");
  for (const PresetFile& file : preset_files(job.preset)) files[file.field] = file.path.string();
  return {{"preset", job.preset.id},
          {"folder", std::filesystem::absolute(job.preset.folder).lexically_normal().string()},
          {"document", document},
          {"files", files},
          {"seeds", seeds_json(job.seeds)},
          {"series", job.series},
          {"save_positions", job.save_positions},
          {"done", seeds_json(job.done)}};
}

RunJob job_from(const json& object) {
  RunJob job;
  job.preset.id = object.at("preset");
  job.preset.folder = object.at("folder").get<std::string>();
  job.preset.document = object.at("document");
  find_again(job.preset, object.at("files"));
  job.seeds = seeds_from(object.at("seeds"));
  job.series = object.at("series");
  job.save_positions = object.at("save_positions");
  job.done = seeds_from(object.at("done"));
  if (job.seeds.empty()) throw std::invalid_argument("no seed");
  return job;
}

std::string difference(const RunJob& given, const RunJob& stored) {
  std::string text = difference(given.preset, stored.preset);
  if (text.empty() && given.seeds != stored.seeds) {
    text = fmt::format("The seed is {}, but {}", fmt::join(given.seeds, " "),
                       fmt::join(stored.seeds, " "));
  }
  return text;
}

}  // namespace ergo
