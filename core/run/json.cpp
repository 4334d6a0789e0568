// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "core/run/run.h"

namespace ergo {
namespace {

using nlohmann::json;

json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

json numbers(const std::map<std::string, double>& values) {
  json object = json::object();
  for (const auto& [name, value] : values) object[name] = number(value);
  return object;
}

json divergences(const std::vector<Divergence>& list) {
  json array = json::array();
  for (const Divergence& d : list) {
    array.push_back({{"chain", d.chain}, {"step", d.step}, {"reason", d.reason}});
  }
  return array;
}

json curve_json(const std::vector<CurvePoint>& curve) {
  json array = json::array();
  for (const CurvePoint& point : curve) {
    array.push_back({{"gradient_evaluations", point.gradient_evaluations},
                     {"cpu_seconds", point.cpu_seconds},
                     {"draws", point.draws},
                     {"metrics", numbers(point.metrics)}});
  }
  return array;
}

json sampler_json(const SamplerResult& sampler) {
  json object = {{"id", sampler.id},
                 {"label", sampler.label},
                 {"chains", sampler.chains},
                 {"draws", sampler.draws},
                 {"burn_in", sampler.burn_in},
                 {"thin", sampler.thin},
                 {"gradient_evaluations", sampler.gradient_evaluations},
                 {"data_points", sampler.data_points},
                 {"seconds", sampler.seconds},
                 {"status", sampler.status},
                 {"draws_sha256", sampler.draws_sha256},
                 {"config", sampler.config},
                 {"info", numbers(sampler.info)},
                 {"divergences", divergences(sampler.divergences)},
                 {"cut_short", divergences(sampler.halts)},
                 {"metrics", numbers(sampler.metrics)}};
  if (sampler.convergence.asked) object["diagnostics"] = to_json(sampler.convergence);
  if (!sampler.curve.empty()) object["curve"] = curve_json(sampler.curve);
  return object;
}

}  // namespace

json to_json(const RunResult& result) {
  json samplers = json::array();
  for (const SamplerResult& sampler : result.samplers) samplers.push_back(sampler_json(sampler));
  json object = {{"preset", result.preset},
                 {"seed", fmt::format("{}", result.seed)},
                 {"device", result.device},
                 {"dtype", result.dtype},
                 {"reason", result.reason},
                 {"parameters", result.parameters},
                 {"data_points", result.data_points},
                 {"wall_seconds", result.wall_seconds},
                 {"stream_version", result.manifest.value("stream_version", 0)},
                 {"standardisation", result.standardisation},
                 {"warnings", result.warnings},
                 {"samplers", samplers}};
  if (!result.notes.empty()) object["notes"] = result.notes;
  for (const PairAgreement& pair : result.agreement) {
    json row = numbers(pair.measures);
    row["samplers"] = {pair.first, pair.second};
    object["agreement"].push_back(std::move(row));
  }
  return object;
}

}  // namespace ergo
