// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/base/layout.h"
#include "core/io/result_folder.h"
#include "core/io/safetensors.h"
#include "core/measures/measures.h"
#include "core/run/predictions_file.h"
#include "core/run/reference.h"
#include "core/run/run.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;

std::string cell(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string metrics_csv(const RunResult& result) {
  std::string text = "sampler,metric,value\n";
  for (const SamplerResult& s : result.samplers) {
    for (const auto& [name, value] : s.metrics) {
      const Measure* measure = find_measure(name);
      if (measure && measure->timed) continue;
      text += fmt::format("{},{},{}\n", s.id, name, cell(value));
    }
  }
  return text;
}

std::string convergence_csv(const RunResult& result) {
  std::string text = "sampler,space,part,values,chains,draws,measure,median,worst\n";
  for (const SamplerResult& s : result.samplers) text += csv_rows(s.id, s.convergence);
  return text;
}

std::string agreement_csv(const RunResult& result) {
  std::string text = "sampler,other,measure,value\n";
  for (const PairAgreement& pair : result.agreement) {
    for (const auto& [name, value] : pair.measures)
      text += fmt::format("{},{},{},{}\n", pair.first, pair.second, name, cell(value));
  }
  return text;
}

std::string curves_csv(const RunResult& result) {
  std::string text = "sampler,seed,gradient_evaluations,cpu_seconds,draws,measure,value\n";
  for (const SamplerResult& s : result.samplers) {
    for (const CurvePoint& point : s.curve) {
      for (const auto& [name, value] : point.metrics) {
        text += fmt::format("{},{},{},{},{},{},{}\n", s.id, result.seed, point.gradient_evaluations,
                            cell(point.cpu_seconds), point.draws, name, cell(value));
      }
    }
  }
  return text;
}

void add_band(std::string& text, const std::string& id, const CurveData& curve, const Band& band) {
  for (std::size_t i = 0; i < band.mean.size(); ++i) {
    const bool noisy = i < band.y05.size();
    text +=
        fmt::format("{},{},{},{},{},{},{},{},{}\n", id, cell(curve.grid_x[i]), cell(band.mean[i]),
                    cell(band.q05[i]), cell(band.q25[i]), cell(band.q75[i]), cell(band.q95[i]),
                    noisy ? cell(band.y05[i]) : "", noisy ? cell(band.y95[i]) : "");
  }
}

std::string bands_csv(const RunResult& result) {
  std::string text = "sampler,x,mean,q05,q25,q75,q95,y05,y95\n";
  for (const SamplerResult& s : result.samplers) add_band(text, s.id, result.curve, s.band);
  add_band(text, "reference", result.curve, result.reference);
  for (std::size_t i = 0; i < result.curve.train_x.size(); ++i) {
    text += fmt::format("train,{},{},,,,,,\n", cell(result.curve.train_x[i]),
                        cell(result.curve.train_y[i]));
  }
  return text;
}

template <class T>
std::vector<T> block_of(const std::vector<T>& positions, std::int64_t params,
                        const BlockInfo& block) {
  std::vector<T> values;
  const std::int64_t size = ParameterLayout::size_of(block);
  const auto rows = static_cast<std::int64_t>(positions.size()) / params;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto begin = positions.begin() + row * params + block.offset;
    values.insert(values.end(), begin, begin + size);
  }
  return values;
}

io::SafeTensors positions_of(const RunResult& result, const SamplerResult& sampler) {
  io::SafeTensors archive;
  archive.metadata = {{"preset", result.preset},
                      {"seed", fmt::format("{}", result.seed)},
                      {"sampler", sampler.id},
                      {"draws_sha256", sampler.draws_sha256}};
  for (const BlockInfo& block : result.layout) {
    std::vector<std::int64_t> shape = block.shape;
    shape.insert(shape.begin(), {sampler.draws_per_chain, sampler.drawing_chains});
    archive.arrays.push_back(
        sampler.positions_f64
            ? io::from_doubles(block.name, shape,
                               block_of(*sampler.positions_f64, result.parameters, block))
            : io::from_floats(block.name, shape,
                              block_of(*sampler.positions, result.parameters, block)));
  }
  return archive;
}

}  // namespace

void archive(const RunResult& result, io::ResultFolder& folder, bool save_positions) {
  folder.stage("preset.json", result.resolved_preset.dump(2) + "\n");
  folder.stage("manifest.json", result.manifest.dump(2) + "\n");
  folder.stage("metrics.csv", metrics_csv(result));
  if (!result.agreement.empty()) folder.stage("agreement.csv", agreement_csv(result));
  if (result.has_convergence()) folder.stage("convergence.csv", convergence_csv(result));
  const bool curves = std::any_of(result.samplers.begin(), result.samplers.end(),
                                  [](const SamplerResult& s) { return !s.curve.empty(); });
  if (curves) folder.stage("curves.csv", curves_csv(result));
  folder.stage("table.txt", table(result));
  if (!result.curve.grid_x.empty()) folder.stage("bands.csv", bands_csv(result));
  if (!result.test.rows.empty()) folder.stage("predictions.npz", predictions_file(result));
  if (result.reference_draws)
    folder.stage("reference.safetensors", serialise_reference(*result.reference_draws));
  for (const SamplerResult& sampler : result.samplers) {
    if (!save_positions || sampler.draws == 0) continue;
    folder.stage(sampler.id + ".safetensors", io::serialise_sealed(positions_of(result, sampler)));
  }
  folder.publish(to_json(result));
}

void archive(const RunResult& result, const fs::path& path, const ArchiveOptions& options) {
  io::ResultFolder folder(path, options.force);
  archive(result, folder, options.save_positions);
}

}  // namespace ergo
