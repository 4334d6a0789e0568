// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/meta_sections.h"

#include <spdlog/fmt/fmt.h>

#include <charconv>

namespace ergo {
namespace {

nlohmann::json values_of(const Preset& preset, const std::string& name) {
  nlohmann::json object = nlohmann::json::object();
  for (const Section& section : sections(preset)) {
    if (section.name != name) continue;
    for (const Field& field : section.fields) object[field.name] = field.value;
  }
  return object;
}

void require_order(const std::string& low_name, double low, const std::string& high_name,
                   double high) {
  if (low <= high) return;
  throw Error(ExitCode::config, fmt::format("Field '{}' is {}, but must be <= '{}' = {}.", low_name,
                                            low, high_name, high));
}

void check_orders(const MetaSections& s) {
  const auto d = [](auto x) { return static_cast<double>(x); };
  require_order("steps_min", d(s.loop.steps_min), "steps_max", d(s.loop.steps_max));
  require_order("family.points_min", d(s.family.points_min), "family.points_max",
                d(s.family.points_max));
  require_order("family.noise_min", s.family.noise_min, "family.noise_max", s.family.noise_max);
  require_order("family.amplitude_min", s.family.amplitude_min, "family.amplitude_max",
                s.family.amplitude_max);
  require_order("family.frequency_min", s.family.frequency_min, "family.frequency_max",
                s.family.frequency_max);
  require_order("family.gap_min", s.family.gap_min, "family.gap_max", s.family.gap_max);
  require_order("family.width_min", d(s.family.width_min), "family.width_max",
                d(s.family.width_max));
  require_order("family.depth_min", d(s.family.depth_min), "family.depth_max",
                d(s.family.depth_max));
}

}  // namespace

std::uint64_t parse_seed(const std::string& text, const std::string& field) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    throw Error(ExitCode::config, fmt::format("Field '{}' is '{}', but must be a decimal number "
                                              "from 0 to 18446744073709551615.",
                                              field, text));
  }
  return seed;
}

MetaSections meta_sections(const Preset& preset) {
  if (preset.kind() != "meta-train") {
    throw Error(ExitCode::usage, fmt::format("Preset '{}' is of kind {}; meta-training takes "
                                             "presets of kind meta-train.",
                                             preset.id, preset.kind()));
  }
  require_none(problems(preset), preset.id);
  MetaSections s;
  s.loop = read_config<MetaConfig>(section_values(preset, ""), "", preset.id);
  s.family = read_config<FamilyConfig>(section_values(preset, "family"), "family.", preset.id);
  s.es = read_config<EsConfig>(section_values(preset, "es"), "es.", preset.id);
  s.dynamics =
      read_config<MetaDynamicsConfig>(section_values(preset, "dynamics"), "dynamics.", preset.id);
  s.evaluation =
      read_config<EvaluationConfig>(section_values(preset, "evaluation"), "evaluation.", preset.id);
  check_orders(s);
  nlohmann::json loop = to_json(s.loop);
  loop.erase("device");  // another device rounds otherwise, but it is the same training
  s.identity = nlohmann::json({loop, to_json(s.family), to_json(s.es), to_json(s.dynamics)}).dump();
  return s;
}

}  // namespace ergo
