// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/meta_sections.h"

#include <spdlog/fmt/fmt.h>

#include "core/base/number.h"
#include "core/presets/store.h"
#include "core/registry/learned.h"

namespace ergo {
namespace {

// The fields of training states of schema 2, when hashes covered all of them. Frozen: new fields do
// not come here.
constexpr const char* first_loop = R"({
  "iterations": 1000, "pairs": 4, "steps_min": 400, "steps_max": 1200, "draws": 10,
  "burn_in_fraction": 0.5, "validate_every": 25, "validation_tasks": 32, "seed": "1"})";
constexpr const char* first_family = R"({
  "functions": "sine", "points_min": 20, "points_max": 120, "noise_min": 0.1, "noise_max": 0.3,
  "amplitude_min": 0.5, "amplitude_max": 1.5, "frequency_min": 0.3, "frequency_max": 1.0,
  "gap_min": 0.0, "gap_max": 0.8, "width_min": 10, "width_max": 40, "depth_min": 1,
  "depth_max": 3, "weight_prior": 2.0, "bias_prior": 1.0, "validation_points": 64})";
constexpr const char* first_es = R"({
  "sigma": 0.01, "learning_rate": 0.01, "final_learning_rate": 0.001, "clip_norm": 1.0,
  "difference": "clipped", "clip": 1.0, "reset_moments": false, "averaging": 0.0,
  "initialisation": "kinetic"})";
constexpr const char* first_dynamics = R"({
  "step_multiplier": 0.5, "noise_multiplier": 0.001, "friction": 0.1, "alpha_multiplier": 0.001,
  "beta_multiplier": 0.001, "noise_form": "paper"})";

/// Numbers of real fields become reals, so that 3 and 3.0 have one text.
nlohmann::json typed(const Field& field) {
  if (field.type == FieldType::real) return field.value.get<double>();
  if (field.type == FieldType::real_list) return field.value.get<std::vector<double>>();
  return field.value;
}

nlohmann::json values_of(const std::vector<Field>& fields) {
  nlohmann::json object = nlohmann::json::object();
  for (const Field& field : fields) object[field.name] = field.value;
  return object;
}

/// The preset's values of a part.
nlohmann::json values_in(const Preset& preset, const std::string& part) {
  for (Section& section : sections(preset)) {
    if (section.name != part) continue;
    for (Field& field : section.fields) field.value = typed(field);
    return values_of(section.fields);
  }
  return nlohmann::json::object();
}

/// The parts whose field lists the sampler and the trainer bring along.
void add_chosen_parts(const Preset& preset, MetaSections& s) {
  const ChosenRows chosen = chosen_rows(s.loop.sampler, s.loop.trainer);
  s.trainer = values_in(preset, chosen.trainer->id);
  s.dynamics = values_in(preset, "dynamics");
  const bool first_trainer = s.loop.trainer == MetaConfig{}.trainer;
  const bool first_sampler = s.loop.sampler == MetaConfig{}.sampler;
  s.settings.add(s.trainer, values_of(trainer_fields(*chosen.trainer, *chosen.sampler)),
                 first_trainer ? first_es : "{}");
  s.settings.add(s.dynamics, values_of(chosen.sampler->entry.fields),
                 first_sampler ? first_dynamics : "{}");
}

void require_order(const std::string& low_name, double low, const std::string& high_name,
                   double high) {
  if (low <= high) return;
  throw Error(ExitCode::config, fmt::format("Field '{}' is {}, but must be <= '{}' = {}.", low_name,
                                            low, high_name, high));
}

void require_filled(const std::string& name, const std::vector<double>& list) {
  if (!list.empty()) return;
  throw Error(ExitCode::config,
              fmt::format("Field '{}' is [], but must hold at least one number.", name));
}

void check_orders(const ImageFamilyConfig& c, const std::string& section) {
  const auto check = [&section](const std::string& what, std::int64_t low, std::int64_t high) {
    require_order(section + "." + what + "_min", static_cast<double>(low),
                  section + "." + what + "_max", static_cast<double>(high));
  };
  check("images", c.images_min, c.images_max);
  check("width", c.width_min, c.width_max);
  check("depth", c.depth_min, c.depth_max);
  check("conv_depth", c.conv_depth_min, c.conv_depth_max);
}

/// What a transfer score varies, and how often it is taken.
void check_transfer(const MetaSections& s) {
  const TransferConfig& t = s.transfer;
  const auto fail = [](const std::string& field, const std::string& value,
                       const std::string& constraint) {
    throw Error(ExitCode::config,
                fmt::format("Field 'transfer.{}' is {}, but must {}.", field, value, constraint));
  };
  if (t.every % s.loop.validate_every != 0)
    fail("every", fmt::format("{}", t.every),
         fmt::format("be a multiple of 'validate_every' = {}", s.loop.validate_every));
  if (t.budgets.empty()) fail("budgets", "[]", "hold at least one number");
  if (t.field.empty()) return;
  if (!s.dynamics.contains(t.field) || !s.dynamics.at(t.field).is_number_float())
    fail("field", "'" + t.field + "'", "be the name of a number of the section dynamics");
  require_filled("transfer.values", t.values);
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

/// The image parts are in the hash of image trainings alone, so that of the others stays.
void add_image_parts(const Preset& preset, MetaSections& s) {
  s.images = read_config<ImageFamilyConfig>(section_values(preset, "images"), "images.", preset.id);
  s.transfer =
      read_config<TransferConfig>(section_values(preset, "transfer"), "transfer.", preset.id);
  check_orders(s.images, "images");
  check_orders(s.transfer, "transfer");
  check_transfer(s);
  if (s.loop.device != "cpu") {
    throw Error(ExitCode::config,
                fmt::format("Field 'device' is '{}', but image tasks move on the cpu; their "
                            "minibatches differ from chain to chain.",
                            s.loop.device));
  }
  s.settings.add(s.images, "{}");
  s.settings.add(s.transfer, "{}");
}

/// The baselines' grid is the product of these.
void check_grid(const EvaluationConfig& e) {
  require_filled("evaluation.temperatures", e.temperatures);
  require_filled("evaluation.step_sizes", e.step_sizes);
  require_filled("evaluation.frictions", e.frictions);
}

}  // namespace

std::uint64_t parse_seed(const std::string& text, const std::string& field) {
  if (const auto seed = parse_number<std::uint64_t>(text)) return *seed;
  throw Error(ExitCode::config, fmt::format("Field '{}' is '{}', but must be a decimal number "
                                            "from 0 to 18446744073709551615.",
                                            field, text));
}

MetaSections meta_sections(const Preset& preset) {
  if (preset.kind() != "meta-train") {
    throw Error(ExitCode::usage, fmt::format("Preset '{}' is of kind {}; meta-training takes "
                                             "presets of kind meta-train.",
                                             preset.id, preset.kind()));
  }
  require_none(problems(preset), preset.id);
  MetaSections s;
  s.folders = file_folders(preset);
  s.loop = read_config<MetaConfig>(section_values(preset, ""), "", preset.id);
  s.family = read_config<FamilyConfig>(section_values(preset, "family"), "family.", preset.id);
  s.evaluation =
      read_config<EvaluationConfig>(section_values(preset, "evaluation"), "evaluation.", preset.id);
  check_orders(s);
  check_grid(s.evaluation);
  // Another device rounds otherwise, but it is the same training.
  s.settings.add(s.loop, first_loop, {"device"});
  s.settings.add(s.family, first_family);
  add_chosen_parts(preset, s);
  if (s.loop.tasks == "images") add_image_parts(preset, s);
  return s;
}

}  // namespace ergo
