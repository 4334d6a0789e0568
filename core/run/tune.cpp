// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/tune.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>

#include "core/base/number.h"
#include "core/base/parallel.h"
#include "core/run/experiment.h"
#include "core/run/run.h"

namespace ergo {
namespace {

using nlohmann::json;
using Setting = std::map<std::string, json>;  ///< field -> value

/// Grid points per sampler: the product of its fields' values.
std::map<std::string, std::vector<Setting>> grids(const json& grid) {
  std::map<std::string, std::vector<Setting>> out;
  for (const auto& [field, values] : grid.items()) {
    const std::size_t dot = field.find('.');
    if (dot == std::string::npos || !values.is_array() || values.empty()) {
      throw Error(ExitCode::config,
                  fmt::format("Field 'tuning.grid.{}' must be a list of values of "
                              "a sampler field such as sghmc.step_size.",
                              field));
    }
    std::vector<Setting>& points = out[field.substr(0, dot)];
    if (points.empty()) points.emplace_back();
    std::vector<Setting> product;
    for (const Setting& point : points) {
      for (const json& value : values) {
        product.push_back(point);
        product.back()[field] = value;
      }
    }
    points = std::move(product);
  }
  return out;
}

/// The preset with this sampler alone and the setting applied.
Preset alone(const Preset& preset, const std::string& sampler, const Setting& setting) {
  Preset copy = preset;
  json only = json::array();
  for (const json& section : preset.document.at("samplers")) {
    if (section.at("id") == sampler) only.push_back(section);
  }
  copy.document["samplers"] = only;
  copy.document["reference"] = "none";
  for (const char* field : {"diagnostic_draws", "curve_points"})
    set_field(copy, field, "0");  // nobody looks at them
  for (const auto& [field, value] : setting) {
    set_field(copy, field, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return copy;
}

struct Job {
  std::string sampler;
  Setting setting;
  std::uint64_t seed = 0;
  double nll = std::numeric_limits<double>::infinity();
};

/// Every setting before the first run: what is refused after an hour has cost an hour.
void check_settings(const Preset& preset, const std::map<std::string, std::vector<Setting>>& all) {
  for (const auto& [sampler, settings] : all) {
    for (const Setting& setting : settings) {
      try {
        make_experiment(alone(preset, sampler, setting));
      } catch (const Error& error) {
        throw Error(error.code(),
                    fmt::format("tuning.grid at {}: {}", json(setting).dump(), error.what()));
      }
    }
  }
}

double validation_nll(const Preset& preset, std::uint64_t seed, RunControl& control) {
  RunControl own;
  const auto pass_on_stop = [&](const RunEvent&) {
    if (control.stopped()) own.stop();
  };
  RunOptions options;
  options.seed = seed;
  options.workers = 1;
  const RunResult result = run(preset, options, pass_on_stop, own);
  const auto& metrics = result.samplers.front().metrics;
  const auto it = metrics.find("validation_nll");
  const bool usable = it != metrics.end() && std::isfinite(it->second);
  return usable ? it->second : std::numeric_limits<double>::infinity();
}

json setting_json(const Setting& setting) {
  json object = json::object();
  for (const auto& [field, value] : setting) object[field] = value;
  return object;
}

json finite(double x) { return std::isfinite(x) ? json(x) : json(nullptr); }

/// Mean over the seeds of one grid point as a table row.
json row_of(const std::vector<Job>& jobs, std::size_t first, std::size_t seeds) {
  double mean = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < seeds; ++i) mean += jobs[first + i].nll / static_cast<double>(seeds);
  for (std::size_t i = 0; i < seeds; ++i) squares += std::pow(jobs[first + i].nll - mean, 2);
  const auto n = static_cast<double>(seeds);
  return {{"sampler", jobs[first].sampler},
          {"setting", setting_json(jobs[first].setting)},
          {"validation_nll", finite(mean)},
          {"standard_error", seeds > 1 ? finite(std::sqrt(squares / (n - 1) / n)) : json(nullptr)}};
}

}  // namespace

std::vector<std::uint64_t> parse_seed_range(const std::string& text) {
  const std::size_t dash = std::min(text.find('-'), text.size());
  const auto first = parse_number<std::uint64_t>(std::string_view(text).substr(0, dash));
  const auto last = dash < text.size()
                        ? parse_number<std::uint64_t>(std::string_view(text).substr(dash + 1))
                        : first;
  if (!first || !last || *last < *first || *last - *first > 9999) {
    throw Error(ExitCode::usage,
                fmt::format("Seeds '{}' must be a number, or a range such as 1-5 of at "
                            "most 10000 seeds.",
                            text));
  }
  std::vector<std::uint64_t> seeds(*last - *first + 1);
  std::iota(seeds.begin(), seeds.end(), *first);
  return seeds;
}

json tune(const Preset& preset, int workers, const EventSink& sink, RunControl& control) {
  if (!preset.document.contains("tuning") || !preset.document["tuning"].contains("grid")) {
    throw Error(ExitCode::usage,
                fmt::format("Preset '{}' has no 'tuning' section with a grid.", preset.id));
  }
  const json section = preset.document["tuning"];
  const auto seeds = parse_seed_range(section.value("seeds", std::string("101-103")));
  const auto points = grids(section["grid"]);
  check_settings(preset, points);
  std::vector<Job> jobs;
  for (const auto& [sampler, settings] : points) {
    for (const Setting& setting : settings) {
      for (const std::uint64_t seed : seeds) jobs.push_back({sampler, setting, seed});
    }
  }
  std::mutex mutex;
  Progress progress;
  progress.total = static_cast<std::int64_t>(jobs.size());
  parallel_for(jobs.size(), worker_count(workers, false), [&](std::size_t i) {
    if (control.stopped()) return;
    jobs[i].nll =
        validation_nll(alone(preset, jobs[i].sampler, jobs[i].setting), jobs[i].seed, control);
    const std::lock_guard lock(mutex);
    ++progress.done;
    if (sink) sink(progress);
  });
  if (control.stopped()) throw Error(control.stop_code(), "The tuning was stopped.");

  json table = json::array(), set = json::object();
  std::map<std::string, double> lowest;
  for (std::size_t first = 0; first < jobs.size(); first += seeds.size()) {
    table.push_back(row_of(jobs, first, seeds.size()));
    const json& nll = table.back()["validation_nll"];
    if (!nll.is_number()) continue;
    const auto [it, fresh] = lowest.try_emplace(jobs[first].sampler, nll.get<double>());
    if (!fresh && nll.get<double>() >= it->second) continue;
    it->second = nll.get<double>();
    for (const auto& [field, value] : jobs[first].setting) set[field] = value;
  }
  const json budget = section_values(preset, "").at("gradient_evaluations");
  return {{"preset", preset.id}, {"gradient_evaluations", budget}, {"set", set}, {"table", table}};
}

std::string tuning_table(const json& tuning) {
  std::string text =
      fmt::format("{:<15} {:>15} {:>9}  {}\n", "sampler", "validation NLL", "s.e.", "setting");
  for (const json& row : tuning.at("table")) {
    const auto value = [&row](const char* key) {
      return row.at(key).is_number() ? fmt::format("{:.4f}", row.at(key).get<double>())
                                     : std::string("-");
    };
    text += fmt::format("{:<15} {:>15} {:>9}  {}\n", row.at("sampler").get<std::string>(),
                        value("validation_nll"), value("standard_error"), row.at("setting").dump());
  }
  return text + fmt::format("chosen: {}\n", tuning.at("set").dump());
}

}  // namespace ergo
