// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/meta_state.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>

#include "core/base/error.h"
#include "core/base/number.h"
#include "core/io/safetensors.h"

namespace ergo {
namespace {

constexpr const char* state_kind = "ergoscope meta state";
constexpr const char* state_schema = "2";
constexpr int momentum_feature = 2;
constexpr int average_feature = 5;  // m_0.9, the gradient average with decay 0.9
constexpr int beta_output = 1;
constexpr float small = 0.3f;  // scale of the random part beside a given path

/// Truncated normal at two standard deviations, sd 1/sqrt(fan_in), as Haiku's default.
void fill_truncated(ScalarStream& stream, float* w, std::size_t count, int fan_in, float scale) {
  for (std::size_t i = 0; i < count; ++i) {
    double z = stream.normal();
    while (std::abs(z) > 2.0) z = stream.normal();
    w[i] = scale * static_cast<float>(z / std::sqrt(static_cast<double>(fan_in)));
  }
}

/// B = sign * (normalised feature): hidden units 0 and 1 carry its positive and negative part.
void add_path(L2eWeights& w, int feature, float sign) {
  for (int unit = 0; unit < 2; ++unit) {
    std::fill_n(w.w0.data() + unit * l2e_features, l2e_features, 0.0f);
    std::fill_n(w.w1.data() + unit * l2e_width, l2e_width, 0.0f);
    const float part = unit == 0 ? 1.0f : -1.0f;
    w.w0[static_cast<std::size_t>(unit * l2e_features + feature)] = part;
    w.w1[static_cast<std::size_t>(unit * l2e_width + unit)] = 1.0f;
    w.w2[static_cast<std::size_t>(unit)] = 0.0f;  // alpha stays out of it
    w.w2[static_cast<std::size_t>(beta_output * l2e_width + unit)] = sign * part;
  }
}

/// @throws Error{data} unless the value is a number of type T; integers must not be negative.
template <class T>
T parse(const std::map<std::string, std::string>& metadata, const char* key,
        const std::string& source) {
  const auto it = metadata.find(key);
  const std::string text = it == metadata.end() ? std::string() : it->second;
  const std::optional<T> value = parse_number<T>(text);
  if (value && (std::is_floating_point_v<T> || *value >= T{})) return *value;
  throw Error(ExitCode::data,
              fmt::format("{}: metadata '{}' is '{}', but must be a {}; --resume "
                          "takes a .state.safetensors file.",
                          source, key, text, std::is_floating_point_v<T> ? "number" : "count"));
}

double parse_finite(const std::map<std::string, std::string>& metadata, const char* key,
                    const std::string& source) {
  const auto value = parse<double>(metadata, key, source);
  if (std::isfinite(value)) return value;
  throw Error(ExitCode::data,
              fmt::format("{}: metadata '{}' is {}, but must be finite.", source, key, value));
}

std::vector<double> tensor(const io::SafeTensors& archive, const char* name, std::size_t size,
                           const std::string& source) {
  const io::Array* array = archive.find(name);
  if (!array || (size > 0 && static_cast<std::size_t>(array->size()) != size)) {
    throw Error(ExitCode::data,
                fmt::format("{}: tensor '{}' is missing or not of {} numbers; --resume takes a "
                            ".state.safetensors file.",
                            source, name, size));
  }
  return array->doubles();
}

std::vector<double> finite_tensor(const io::SafeTensors& archive, const char* name,
                                  const std::string& source) {
  std::vector<double> values = tensor(archive, name, MetaParameters::count, source);
  io::require_finite(*archive.find(name), source);
  return values;
}

/// What a training cannot have come to, whatever the checksums say.
void check_state(const MetaState& state, const std::string& source) {
  const auto require = [&source](bool holds, const char* what) {
    if (!holds) throw Error(ExitCode::data, fmt::format("{}: {}; it was damaged.", source, what));
  };
  require(state.log.size() % meta_log_columns == 0 &&
              static_cast<std::int64_t>(state.log.size() / meta_log_columns) == state.iteration,
          "its log does not have a row an iteration");
  require(state.adam.steps <= state.iteration, "'adam_steps' are more than its iterations");
  const auto& v = state.adam.v;
  require(std::all_of(v.begin(), v.end(), [](double x) { return x >= 0.0; }),
          "'adam.v' holds a number below 0");
}

}  // namespace

std::vector<float> initial_phi(const std::string& kind, RngKey key) {
  MetaParameters parameters;
  L2eWeights& w = parameters.weights;
  ScalarStream stream(key);
  const float scale = kind == "random" ? 1.0f : small;
  fill_truncated(stream, w.w0.data(), w.w0.size(), l2e_features, scale);
  fill_truncated(stream, w.w1.data(), w.w1.size(), l2e_width, scale);
  fill_truncated(stream, w.w2.data(), w.w2.size(), l2e_width, scale);
  if (kind == "kinetic") add_path(w, momentum_feature, 1.0f);
  if (kind == "descent") add_path(w, average_feature, -1.0f);
  return parameters.flat();
}

void save_meta_state(const std::filesystem::path& file, const MetaState& state,
                     const SettingHash& settings) {
  const auto size = static_cast<std::int64_t>(state.phi.size());
  io::SafeTensors archive;
  archive.metadata = {{"kind", state_kind},
                      {"schema", state_schema},
                      {"preset_hash", settings.hex()},
                      {"iteration", fmt::format("{}", state.iteration)},
                      {"adam_steps", fmt::format("{}", state.adam.steps)},
                      {"average", fmt::format("{}", state.average)},
                      {"best_score", fmt::format("{}", state.best_score)}};
  archive.arrays = {
      io::from_floats("phi", {size}, state.phi),
      io::from_floats("mean_phi", {size}, state.mean_phi),
      io::from_floats("best_phi", {size}, state.best_phi),
      io::from_doubles("adam.m", {size}, state.adam.m),
      io::from_doubles("adam.v", {size}, state.adam.v),
      io::from_doubles("log",
                       {static_cast<std::int64_t>(state.log.size() / meta_log_columns),
                        static_cast<std::int64_t>(meta_log_columns)},
                       state.log)};
  io::save_safetensors(file, archive);
}

MetaState load_meta_state(const std::filesystem::path& file, const SettingHash& settings) {
  const io::SafeTensors archive = io::load_safetensors(file);
  const std::string source = file.string();
  const auto is = [&archive](const char* key, const char* value) {
    const auto it = archive.metadata.find(key);
    return it != archive.metadata.end() && it->second == value;
  };
  if (!is("kind", state_kind) || !is("schema", state_schema)) {
    throw Error(ExitCode::data, fmt::format("{}: is no meta-training state of schema {}; --resume "
                                            "takes a .state.safetensors file.",
                                            source, state_schema));
  }
  MetaState state(MetaParameters::count);
  const auto floats = [&](const char* name) {
    const std::vector<double> values = finite_tensor(archive, name, source);
    return std::vector<float>(values.begin(), values.end());
  };
  state.phi = floats("phi");
  state.mean_phi = floats("mean_phi");
  state.best_phi = floats("best_phi");
  state.adam.m = finite_tensor(archive, "adam.m", source);
  state.adam.v = finite_tensor(archive, "adam.v", source);
  state.log = tensor(archive, "log", 0, source);
  state.iteration = parse<std::int64_t>(archive.metadata, "iteration", source);
  state.adam.steps = parse<std::int64_t>(archive.metadata, "adam_steps", source);
  state.average = parse_finite(archive.metadata, "average", source);
  state.best_score = parse<double>(archive.metadata, "best_score", source);  // NaN: none yet
  check_state(state, source);
  const auto hash = archive.metadata.find("preset_hash");
  if (hash == archive.metadata.end() || !settings.matches(hash->second)) {
    throw Error(ExitCode::data, fmt::format("{}: was written by a training with other settings; "
                                            "resume with the same preset and fields.",
                                            source));
  }
  return state;
}

std::string meta_log_csv(const MetaState& state) {
  const auto cell = [](double x) {
    return std::isfinite(x) ? fmt::format("{}", x) : std::string();
  };
  std::string text = "iteration,meta_loss,smoothed,score,gradient_norm\n";
  for (std::size_t i = 0; i + meta_log_columns <= state.log.size(); i += meta_log_columns) {
    const double* row = state.log.data() + i;
    text += fmt::format("{},{},{},{},{}\n", row[0], cell(row[1]), cell(row[2]), cell(row[3]),
                        cell(row[4]));
  }
  return text;
}

}  // namespace ergo
