// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/convergence.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <utility>

namespace ergo {
namespace {

using diagnostics::ConvergenceSummary;
using diagnostics::Spread;
using nlohmann::json;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct NamedSpread {
  const char* id;
  const char* flaw;  ///< key of ConvergenceSummary::undefined
  Spread ConvergenceSummary::*spread;
};
constexpr NamedSpread spreads[] = {{"rhat", "rhat", &ConvergenceSummary::rhat},
                                   {"ess_bulk", "ess", &ConvergenceSummary::ess_bulk},
                                   {"ess_tail", "ess", &ConvergenceSummary::ess_tail},
                                   {"mcse", "ess", &ConvergenceSummary::mcse}};

/// Shares of values, by id.
std::vector<std::pair<std::string, double>> shares_of(const ConvergenceSummary& s) {
  std::vector<std::pair<std::string, double>> shares;
  for (std::size_t i = 0; i < diagnostics::rhat_thresholds.size(); ++i) {
    const double threshold = diagnostics::rhat_thresholds[i];
    shares.emplace_back(fmt::format("rhat_below_{}", threshold), s.rhat_below[i]);
    shares.emplace_back(fmt::format("crhat_below_{}", threshold), s.chainwise_below[i]);
  }
  shares.emplace_back("ess_capped", s.capped);
  return shares;
}

json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }
std::string cell(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

json summary_json(const ConvergenceSummary& s) {
  json object = {{"count", s.values}, {"chains", s.chains}, {"draws", s.draws}};
  for (const NamedSpread& named : spreads) {
    const Spread& spread = s.*named.spread;
    object[named.id] = {{"median", number(spread.median)}, {"worst", number(spread.worst)}};
  }
  for (const auto& [id, share] : shares_of(s)) object[id] = number(share);
  if (!s.undefined.empty()) object["undefined"] = s.undefined;
  return object;
}

std::string summary_rows(const std::string& head, const ConvergenceSummary& s) {
  const std::string counts = fmt::format("{},{},{},{}", head, s.values, s.chains, s.draws);
  std::string text;
  for (const NamedSpread& named : spreads) {
    const Spread& spread = s.*named.spread;
    text += fmt::format("{},{},{},{}\n", counts, named.id, cell(spread.median), cell(spread.worst));
  }
  for (const auto& [id, share] : shares_of(s)) {
    text += fmt::format("{},{},{},\n", counts, id, cell(share));
  }
  return text;
}

void set(SamplerConvergence& c, const std::string& id, double value, const std::string& why) {
  c.measures[id] = value;
  if (!std::isfinite(value)) c.undefined[id] = why;
}

}  // namespace

void set_measures(SamplerConvergence& c, std::int64_t evaluations, double seconds) {
  const ConvergenceSummary& s = c.function_space;
  const auto why = [&](const char* flaw) {
    const auto known = s.undefined.find(flaw);
    return known == s.undefined.end() ? c.no_chains : known->second;
  };
  for (const NamedSpread& named : spreads) {
    const Spread& spread = s.*named.spread;
    set(c, std::string(named.id) + "_median", spread.median, why(named.flaw));
    set(c, std::string(named.id) + "_worst", spread.worst, why(named.flaw));
  }
  for (const auto& [id, share] : shares_of(s)) {
    if (!id.starts_with("rhat")) set(c, id, share, why("ess"));
  }
  const double ess = s.ess_bulk.median;
  set(c, "ess_per_evaluation", ess / static_cast<double>(evaluations), why("ess"));
  const bool timed = seconds > 0.0;
  set(c, "ess_per_second", timed ? ess / seconds : nan,
      timed || !std::isfinite(ess) ? why("ess") : "its CPU time is too short to be measured");
}

std::string remark_on(const SamplerConvergence& c) {
  if (c.stationary || !c.no_chains.empty()) return {};
  return "not stationary: with step sizes that change along the run the draws have no one "
         "distribution, and R-hat and ESS describe them put together";
}

json to_json(const SamplerConvergence& c) {
  json object = {{"stationary", c.stationary}};
  if (!c.undefined.empty()) {
    object["undefined"] = c.undefined;
    object["undefined"].erase("ess_per_second");
  }
  if (!c.no_chains.empty()) return object;
  object["function_space"] = summary_json(c.function_space);
  object["function_space"]["values"] = c.values;
  object["function_space"]["every"] = c.every;
  for (const PartConvergence& part : c.weight_space) {
    json entry = summary_json(part.summary);
    entry["name"] = part.name;
    object["weight_space"].push_back(std::move(entry));
  }
  return object;
}

std::string csv_rows(const std::string& sampler, const SamplerConvergence& c) {
  if (!c.asked || !c.no_chains.empty()) return {};
  std::string text = summary_rows(sampler + ",function,all", c.function_space);
  for (const PartConvergence& part : c.weight_space) {
    text += summary_rows(fmt::format("{},weight,{}", sampler, part.name), part.summary);
  }
  return text;
}

}  // namespace ergo
