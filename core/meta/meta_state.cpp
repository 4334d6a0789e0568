// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/meta_state.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/base/error.h"
#include "core/base/number.h"
#include "core/io/safetensors.h"

namespace ergo {
namespace {

constexpr const char* state_kind = "ergoscope meta state";
constexpr const char* state_schema = "2";

/// @throws Error{data} unless the value is a number of type T; integers must not be negative.
template <class T>
T parse(const std::map<std::string, std::string>& metadata, const std::string& key,
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

std::vector<double> tensor(const io::SafeTensors& archive, const std::string& name,
                           std::size_t size, const std::string& source) {
  const io::Array* array = archive.find(name);
  if (!array || (size > 0 && static_cast<std::size_t>(array->size()) != size)) {
    throw Error(ExitCode::data,
                fmt::format("{}: tensor '{}' is missing or not of {} numbers; --resume takes a "
                            ".state.safetensors file.",
                            source, name, size));
  }
  return array->doubles();
}

std::vector<double> finite_tensor(const io::SafeTensors& archive, const std::string& name,
                                  std::size_t size, const std::string& source) {
  std::vector<double> values = tensor(archive, name, size, source);
  io::require_finite(*archive.find(name), source);
  return values;
}

/// What a training cannot have come to, whatever the checksums say.
void check_state(const MetaState& state, const std::string& source) {
  const auto require = [&source](bool holds, const std::string& what) {
    if (!holds) throw Error(ExitCode::data, fmt::format("{}: {}; it was damaged.", source, what));
  };
  require(state.log.size() % meta_log_columns == 0 &&
              static_cast<std::int64_t>(state.log.size() / meta_log_columns) == state.iteration,
          "its log does not have a row an iteration");
  require(state.scores.size() % meta_score_columns == 0, "its scores are no whole rows");
  require(state.best_iteration <= state.iteration, "its best phi is later than its iterations");
  for (const auto& [name, count] : state.trainer.counts)
    require(count <= state.iteration, "'" + name + "' are more than its iterations");
  if (const auto v = state.trainer.arrays.find("adam.v"); v != state.trainer.arrays.end()) {
    require(std::all_of(v->second.begin(), v->second.end(), [](double x) { return x >= 0.0; }),
            "'adam.v' holds a number below 0");
  }
}

io::Array table(const std::string& name, const std::vector<double>& rows, std::size_t columns) {
  return io::from_doubles(
      name, {static_cast<std::int64_t>(rows.size() / columns), static_cast<std::int64_t>(columns)},
      rows);
}

std::string cell(double x) { return std::isfinite(x) ? fmt::format("{}", x) : std::string(); }

}  // namespace

void save_meta_state(const std::filesystem::path& file, const MetaState& state,
                     const SettingHash& settings) {
  const auto size = static_cast<std::int64_t>(state.phi.size());
  io::SafeTensors archive;
  archive.metadata = {{"kind", state_kind},
                      {"schema", state_schema},
                      {"preset_hash", settings.hex()},
                      {"iteration", fmt::format("{}", state.iteration)},
                      {"average", fmt::format("{}", state.average)},
                      {"best_score", fmt::format("{}", state.best_score)},
                      {"best_iteration", fmt::format("{}", state.best_iteration)}};
  for (const auto& [name, count] : state.trainer.counts)
    archive.metadata[name] = fmt::format("{}", count);
  archive.arrays = {io::from_floats("phi", {size}, state.phi),
                    io::from_floats("mean_phi", {size}, state.mean_phi),
                    io::from_floats("best_phi", {size}, state.best_phi)};
  for (const auto& [name, values] : state.trainer.arrays) {
    archive.arrays.push_back(
        io::from_doubles(name, {static_cast<std::int64_t>(values.size())}, values));
  }
  archive.arrays.push_back(table("log", state.log, meta_log_columns));
  archive.arrays.push_back(table("scores", state.scores, meta_score_columns));
  io::save_safetensors(file, archive);
}

MetaState read_meta_state(const std::string& bytes, const std::string& source,
                          const SettingHash& settings, const MetaState& start) {
  const io::SafeTensors archive = io::parse_safetensors(bytes, source);
  const auto is = [&archive](const char* key, const std::string& value) {
    const auto it = archive.metadata.find(key);
    return it != archive.metadata.end() && it->second == value;
  };
  if (!is("kind", state_kind) || !is("schema", state_schema)) {
    throw Error(ExitCode::data, fmt::format("{}: is no meta-training state of schema {}; --resume "
                                            "takes a .state.safetensors file.",
                                            source, state_schema));
  }
  const auto hash = archive.metadata.find("preset_hash");
  if (hash == archive.metadata.end() || !settings.matches(hash->second)) {
    throw Error(ExitCode::data, fmt::format("{}: was written by a training with other settings; "
                                            "resume with the same preset and fields.",
                                            source));
  }
  MetaState state = start;
  for (const auto& [name, values] : {std::pair<const char*, std::vector<float>*>{"phi", &state.phi},
                                     {"mean_phi", &state.mean_phi},
                                     {"best_phi", &state.best_phi}}) {
    const std::vector<double> read = finite_tensor(archive, name, start.phi.size(), source);
    values->assign(read.begin(), read.end());
  }
  for (auto& [name, values] : state.trainer.arrays)
    values = finite_tensor(archive, name, values.size(), source);
  for (auto& [name, count] : state.trainer.counts)
    count = parse<std::int64_t>(archive.metadata, name, source);
  state.log = tensor(archive, "log", 0, source);
  state.iteration = parse<std::int64_t>(archive.metadata, "iteration", source);
  state.average = parse_finite(archive.metadata, "average", source);
  state.best_score = parse<double>(archive.metadata, "best_score", source);  // NaN: none yet
  // Files of former versions have neither.
  if (archive.find("scores")) state.scores = tensor(archive, "scores", 0, source);
  if (archive.metadata.contains("best_iteration"))
    state.best_iteration = parse<std::int64_t>(archive.metadata, "best_iteration", source);
  check_state(state, source);
  return state;
}

std::string meta_log_csv(const MetaState& state) {
  std::string text = "iteration,meta_loss,smoothed,score,gradient_norm\n";
  for (std::size_t i = 0; i + meta_log_columns <= state.log.size(); i += meta_log_columns) {
    const double* row = state.log.data() + i;
    text += fmt::format("{},{},{},{},{}\n", row[0], cell(row[1]), cell(row[2]), cell(row[3]),
                        cell(row[4]));
  }
  return text;
}

std::string meta_scores_csv(const MetaState& state) {
  std::string text = "iteration,family,steps,value,score,standard_error,diverged\n";
  for (std::size_t i = 0; i + meta_score_columns <= state.scores.size(); i += meta_score_columns) {
    const double* row = state.scores.data() + i;
    text += fmt::format("{},{},{},{},{},{},{}\n", row[0], row[1] > 0.0 ? "transfer" : "training",
                        row[2], cell(row[3]), cell(row[4]), cell(row[5]), row[6]);
  }
  return text;
}

}  // namespace ergo
