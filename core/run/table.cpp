// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <map>
#include <set>

#include "core/measures/measures.h"
#include "core/run/run.h"
#include "core/run/text_table.h"

namespace ergo {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using Columns = std::set<std::string, decltype(&measure_before)>;

/// Ids of the measures that some sampler has.
Columns columns_of(const RunResult& result, bool convergence) {
  Columns columns(&measure_before);
  for (const SamplerResult& s : result.samplers) {
    for (const auto& [name, value] : s.metrics) {
      if (is_convergence(name) == convergence) columns.insert(name);
    }
  }
  return columns;
}

void add_cells(std::vector<std::string>& row, const Columns& columns, const SamplerResult& s) {
  for (const std::string& name : columns) {
    const auto it = s.metrics.find(name);
    row.push_back(it == s.metrics.end() ? "-" : figure(it->second));
  }
}

std::string measure_table(const RunResult& result) {
  const Columns columns = columns_of(result, false);
  Rows rows = {{"sampler", "status", "chains", "draws", "evaluations", "CPU s"}};
  rows[0].insert(rows[0].end(), columns.begin(), columns.end());
  for (const SamplerResult& s : result.samplers) {
    rows.push_back({s.id, s.status, fmt::format("{}", s.chains), fmt::format("{}", s.draws),
                    fmt::format("{}", s.gradient_evaluations), fmt::format("{:.1f}", s.seconds)});
    add_cells(rows.back(), columns, s);
  }
  return text_table(rows);
}

std::string agreement_table(const RunResult& result) {
  if (result.agreement.empty()) return {};
  Rows rows = {{"sampler", "other"}};
  for (const auto& [name, value] : result.agreement.front().measures) rows[0].push_back(name);
  for (const PairAgreement& pair : result.agreement) {
    rows.push_back({pair.first, pair.second});
    for (const auto& [name, value] : pair.measures) rows.back().push_back(figure(value));
  }
  return "\nBetween the predictives of two samplers\n" + text_table(rows);
}

/// A star leads to the remark below the table.
std::string name_of(const SamplerResult& s) {
  return remark_on(s.convergence).empty() ? s.id : s.id + " *";
}

std::string function_table(const RunResult& result) {
  const Columns columns = columns_of(result, true);
  Rows rows = {{"sampler", "chains", "transitions"}};
  rows[0].insert(rows[0].end(), columns.begin(), columns.end());
  std::string what;
  for (const SamplerResult& s : result.samplers) {
    const diagnostics::ConvergenceSummary& f = s.convergence.function_space;
    if (what.empty()) what = s.convergence.values;
    rows.push_back({name_of(s), fmt::format("{}", f.chains), fmt::format("{}", f.draws)});
    add_cells(rows.back(), columns, s);
  }
  return fmt::format("\nConvergence of {}, from equally spaced transitions of each chain\n{}",
                     what.empty() ? "f" : what, text_table(rows));
}

std::string weight_table(const RunResult& result) {
  Rows rows = {{"sampler", "chains", "draws", "rhat_median", "rhat_worst", "ess_bulk_median",
                "ess_bulk_worst", "crhat_below_1.1", "crhat_below_1.2"}};
  for (const SamplerResult& s : result.samplers) {
    if (s.convergence.weight_space.empty()) continue;
    const diagnostics::ConvergenceSummary& w = s.convergence.weight_space.front().summary;
    rows.push_back({name_of(s), fmt::format("{}", w.chains), fmt::format("{}", w.draws),
                    figure(w.rhat.median), figure(w.rhat.worst), figure(w.ess_bulk.median),
                    figure(w.ess_bulk.worst), figure(w.chainwise_below[0]),
                    figure(w.chainwise_below[1])});
  }
  if (rows.size() == 1) return {};
  return "\nConvergence of the parameters, from the kept draws\n" + text_table(rows);
}

/// Why numbers are missing: a line for each sampler and reason.
std::string reasons(const SamplerResult& s) {
  if (!s.convergence.no_chains.empty())
    return fmt::format("{}: no R-hat and ESS: {}.\n", s.id, s.convergence.no_chains);
  std::map<std::string, std::string> names;
  for (const auto& [name, reason] : s.convergence.undefined) {
    std::string& list = names[reason];
    list += (list.empty() ? "" : ", ") + name;
  }
  std::string text;
  for (const auto& [reason, list] : names)
    text += fmt::format("{}: no {}: {}.\n", s.id, list, reason);
  if (s.convergence.weight_space.empty()) return text;
  for (const auto& [name, reason] : s.convergence.weight_space.front().summary.undefined)
    text += fmt::format("{}: no {} of the parameters: {}.\n", s.id, name, reason);
  return text;
}

std::string remarks(const RunResult& result) {
  std::string text;
  for (const SamplerResult& s : result.samplers) {
    const std::string remark = remark_on(s.convergence);
    if (!remark.empty()) text += fmt::format("* {}: {}.\n", s.id, remark);
    text += reasons(s);
  }
  return text;
}

}  // namespace

std::string table(const RunResult& result) {
  const std::string measures = measure_table(result) + agreement_table(result);
  if (!result.has_convergence()) return measures;
  return measures + function_table(result) + weight_table(result) + remarks(result);
}

}  // namespace ergo
