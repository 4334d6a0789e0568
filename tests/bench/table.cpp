// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/error.h"

namespace ergo::bench {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::data, fmt::format("The benchmark results are incomplete: {}.", what));
}

const std::vector<double>& counter(const Measured& measured, const Target& target,
                                   const std::string& name) {
  const auto found = measured.counters.find(name);
  if (found == measured.counters.end() || found->second.empty()) {
    refuse(fmt::format("benchmark '{}' has no counter '{}'", target.benchmark, name));
  }
  return found->second;
}

/// One value a repetition.
std::vector<double> ratios(const Measured& measured, const Target& target,
                           const std::string& numerator) {
  std::vector<double> values = counter(measured, target, numerator);
  if (!target.denominator.empty()) {
    const std::vector<double>& below = counter(measured, target, target.denominator);
    if (below.size() != values.size()) {
      refuse(fmt::format("benchmark '{}' has {} values of '{}' but {} of '{}'", target.benchmark,
                         values.size(), numerator, below.size(), target.denominator));
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!(below[i] > 0.0)) {
        refuse(fmt::format("'{}' of benchmark '{}' must be > 0", target.denominator,
                           target.benchmark));
      }
      values[i] /= below[i];
    }
  }
  for (double& value : values) value = value * target.scale - target.offset;
  return values;
}

/// "addmm_s 0.00112, loop_s 0.00481, ours_s 0.000212": the medians behind a ratio.
std::string parts(const Measured& measured) {
  static const std::set<std::string> own = {"real_time", "cpu_time", "items_per_second"};
  std::string text;
  for (const auto& [name, values] : measured.counters) {
    if (own.contains(name)) continue;
    text += fmt::format("{}{} {:.3g}", text.empty() ? "" : ", ", name, quantile(values, 0.5));
  }
  return text;
}

void measure(Row& row, const Measured& measured) {
  for (const std::string& numerator : row.target.numerators) {
    const std::vector<double> values = ratios(measured, row.target, numerator);
    const double median = quantile(values, 0.5);
    if (row.measured && *row.measured <= median) continue;
    row.measured = median;
    row.low = quantile(values, 0.25);
    row.high = quantile(values, 0.75);
    row.repetitions = values.size();
  }
  row.met =
      row.target.at_least ? *row.measured >= row.target.goal : *row.measured <= row.target.goal;
  row.note = parts(measured);
  if (!row.target.remark.empty()) row.note += "; " + row.target.remark;
}

std::string status(const Row& row) {
  if (row.failed) return "failed";
  return row.met ? (*row.met ? "met" : "MISSED") : "-";
}

std::string goal_text(const Target& target) {
  return fmt::format("{} {:.4g} {}", target.at_least ? ">=" : "<=", target.goal, target.unit);
}

std::string measured_text(const Row& row) {
  if (!row.measured) return "-";
  return fmt::format("{:.3g} ({:.3g} to {:.3g})", *row.measured, row.low, row.high);
}

std::string context_value(const Results& results, const std::string& key) {
  const auto found = results.context.find(key);
  return found == results.context.end() ? std::string("?") : found->second;
}

std::string missed_text(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (!row.met || *row.met) continue;
    text += fmt::format("- {}: {:.3g}, goal {}.", row.target.text, *row.measured,
                        goal_text(row.target));
    if (!row.target.cause.empty()) text += fmt::format(" {}.", row.target.cause);
    text += "\n";
  }
  return text.empty() ? "Every measured target was met.\n" : "Missed:\n" + text;
}

std::string why_absent(const Results& results, const Target& target) {
  const auto reason = results.absent.find(target.benchmark);
  if (reason != results.absent.end()) return reason->second;
  if (target.when_absent.empty()) {
    refuse(fmt::format("benchmark '{}' is missing", target.benchmark));
  }
  return target.when_absent;
}

}  // namespace

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

std::vector<Row> evaluate(const Results& results, const std::vector<Target>& list) {
  std::vector<Row> rows;
  for (const Target& target : list) {
    Row row;
    row.target = target;
    const auto found = results.benchmarks.find(target.benchmark);
    if (found == results.benchmarks.end()) {
      row.note = "not measured: " + why_absent(results, target);
    } else if (found->second.failure) {
      row.failed = true;
      row.note = *found->second.failure;
    } else {
      measure(row, found->second);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string machine(const Results& results) {
  return fmt::format("{}, {} cores, {}, LibTorch {}, CUDA {}, load average at the start {}",
                     context_value(results, "cpu_model"), context_value(results, "num_cpus"),
                     context_value(results, "instruction_set"), context_value(results, "libtorch"),
                     context_value(results, "cuda"), context_value(results, "load_avg"));
}

std::string table_text(const std::vector<Row>& rows, const Results& results) {
  std::string text = "Machine: " + machine(results) + "\n" +
                     "Ratios are medians over repetitions of pairs measured in turns (quartiles in "
                     "brackets).\n\n";
  text += fmt::format("{:<75} {:>28} {:>12} {:>7}\n", "target", "measured", "goal", "status");
  for (const Row& row : rows) {
    text += fmt::format("{:<75} {:>28} {:>12} {:>7}\n", row.target.text, measured_text(row),
                        goal_text(row.target), status(row));
    text += fmt::format("    {}\n", row.note);
  }
  return text + "\n" + missed_text(rows);
}

std::string figures_text(const Results& results, const std::vector<Target>& list) {
  std::string text;
  for (const auto& [name, measured] : results.benchmarks) {
    const bool used = std::any_of(list.begin(), list.end(), [&name = name](const Target& target) {
      return target.benchmark == name;
    });
    if (used) continue;
    text += fmt::format("{:<38} {}\n", name,
                        measured.failure ? "failed: " + *measured.failure : parts(measured));
  }
  return text.empty() ? text : "Figures without a goal (medians)\n" + text;
}

nlohmann::ordered_json table_json(const std::vector<Row>& rows, const Results& results) {
  const std::string where = machine(results);
  auto list = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json entry;
    entry["target"] = row.target.text;
    entry["measured"] = nullptr;
    if (row.measured) entry["measured"] = *row.measured;
    entry["goal"] = row.target.goal;
    entry["met"] = nullptr;
    if (row.met) entry["met"] = *row.met;
    entry["bound"] = row.target.at_least ? "at least" : "at most";
    entry["unit"] = row.target.unit;
    entry["note"] = row.note;
    entry["machine"] = where;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace ergo::bench
