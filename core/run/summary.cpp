// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/summary.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <set>

#include "core/measures/measures.h"
#include "core/run/text_table.h"

namespace ergo {
namespace {

using nlohmann::json;

struct Moments {
  double sum = 0.0, squares = 0.0, n = 0.0;
  void add(double x) {
    if (!std::isfinite(x)) return;
    sum += x;
    squares += x * x;
    n += 1.0;
  }
  json to_json() const {
    if (n == 0) return {{"mean", nullptr}, {"standard_error", nullptr}, {"n", 0}};
    const double mean = sum / n;
    const double variance = n > 1 ? std::max(0.0, (squares - n * mean * mean) / (n - 1)) : 0.0;
    json error = nullptr;
    if (n > 1) error = std::sqrt(variance / n);
    return {{"mean", mean}, {"standard_error", error}, {"n", static_cast<int>(n)}};
  }
};

/// Null stands for what is not finite.
double number(const json& value) { return value.is_null() ? undefined : value.get<double>(); }

json summarise_sampler(const json& runs, std::size_t s) {
  std::map<std::string, Moments> metrics;
  Moments seconds;
  std::size_t diverged = 0;
  for (const json& run : runs) {
    const json& sampler = run.at("samplers").at(s);
    for (const auto& [name, value] : sampler.at("metrics").items())
      metrics[name].add(number(value));
    seconds.add(number(sampler.at("seconds")));
    diverged += sampler.at("divergences").size();
  }
  const json& first = runs.front().at("samplers").at(s);
  json out = {{"seconds", seconds.to_json()["mean"]}, {"diverged_chains", diverged}};
  for (const char* key : {"id", "label", "chains", "draws", "gradient_evaluations"})
    out[key] = first.at(key);
  for (const auto& [name, moments] : metrics) out["metrics"][name] = moments.to_json();
  return out;
}

std::string cell(const json& metric) {
  if (!metric.at("mean").is_number()) return "-";
  const std::string mean = figure(metric.at("mean").get<double>());
  if (!metric.at("standard_error").is_number()) return mean;
  return fmt::format("{} +- {}", mean, figure(metric.at("standard_error").get<double>()));
}

using Rows = std::vector<std::vector<std::string>>;

/// Appends the measures that some sampler has, heading first.
void add_columns(Rows& rows, const json& summary, bool convergence) {
  std::set<std::string, decltype(&measure_before)> columns(&measure_before);
  for (const json& s : summary.at("samplers")) {
    if (!s.contains("metrics")) continue;
    for (const auto& [name, value] : s["metrics"].items()) {
      if (is_convergence(name) == convergence) columns.insert(name);
    }
  }
  for (const std::string& name : columns) {
    rows.front().push_back(name);
    std::size_t row = 1;
    for (const json& s : summary.at("samplers")) {
      const bool known = s.contains("metrics") && s["metrics"].contains(name);
      rows[row++].push_back(known ? cell(s["metrics"][name]) : "-");
    }
  }
}

}  // namespace

json summarise(const std::vector<RunResult>& results) {
  json runs = json::array();
  for (const RunResult& result : results) runs.push_back(to_json(result));
  return summarise_runs(runs);
}

json summarise_runs(const json& runs) {
  json seeds = json::array(), samplers = json::array();
  for (const json& run : runs) seeds.push_back(run.at("seed"));
  for (std::size_t s = 0; s < runs.front().at("samplers").size(); ++s)
    samplers.push_back(summarise_sampler(runs, s));
  return {{"preset", runs.front().at("preset")},
          {"seeds", seeds},
          {"device", runs.front().at("device")},
          {"samplers", samplers},
          {"runs", runs}};
}

std::string summary_table(const json& summary) {
  Rows measures = {{"sampler", "chains", "draws", "evaluations", "CPU s"}};
  for (const json& s : summary.at("samplers")) {
    const double seconds = s.at("seconds").is_number() ? s.at("seconds").get<double>() : 0.0;
    measures.push_back({s.at("id").get<std::string>(), s.at("chains").dump(), s.at("draws").dump(),
                        s.at("gradient_evaluations").dump(), fmt::format("{:.1f}", seconds)});
  }
  Rows convergence = {{"sampler"}};
  for (const json& s : summary.at("samplers"))
    convergence.push_back({s.at("id").get<std::string>()});
  add_columns(measures, summary, false);
  add_columns(convergence, summary, true);
  std::string text = text_table(measures);
  if (convergence.front().size() > 1) text.append(1, '\n').append(text_table(convergence));
  return text + fmt::format("mean +- standard error over seeds {}\n", summary.at("seeds").dump());
}

}  // namespace ergo
