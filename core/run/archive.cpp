// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/base/layout.h"
#include "core/io/atomic_file.h"
#include "core/io/safetensors.h"
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
      text += fmt::format("{},{},{}\n", s.id, name, cell(value));
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

void prepare_output(const fs::path& folder, bool force) {
  std::error_code error;
  const bool exists = fs::exists(folder, error);
  if (exists && !fs::is_directory(folder, error)) {
    throw Error(ExitCode::cannot_create,
                fmt::format("Output '{}' exists and is not a folder.", folder.string()));
  }
  if (exists && !fs::is_empty(folder, error) && !force) {
    throw Error(ExitCode::cannot_create,
                fmt::format("Output folder '{}' is not empty; --force replaces its files.",
                            folder.string()));
  }
  fs::create_directories(folder, error);
  if (error) {
    throw Error(ExitCode::cannot_create, fmt::format("Output folder '{}' cannot be created: {}.",
                                                     folder.string(), error.message()));
  }
  const fs::path probe = folder / ".ergoscope-write-test";
  try {
    io::write_file(probe, "");
  } catch (const Error& failure) {
    throw Error(ExitCode::cannot_create, fmt::format("Output folder '{}' is not writable: {}",
                                                     folder.string(), failure.what()));
  }
  fs::remove(probe, error);
}

void archive(const RunResult& result, const fs::path& folder, const ArchiveOptions& options) {
  prepare_output(folder, true);
  io::write_file(folder / "preset.json", result.resolved_preset.dump(2) + "\n");
  io::write_file(folder / "manifest.json", result.manifest.dump(2) + "\n");
  io::write_file(folder / "metrics.csv", metrics_csv(result));
  io::write_file(folder / "table.txt", table(result));
  if (!result.curve.grid_x.empty()) io::write_file(folder / "bands.csv", bands_csv(result));
  if (result.reference_draws)
    save_reference(folder / "reference.safetensors", *result.reference_draws);
  if (options.save_positions) {
    for (const SamplerResult& sampler : result.samplers) {
      if (sampler.draws == 0) continue;
      io::save_safetensors(folder / (sampler.id + ".safetensors"), positions_of(result, sampler));
    }
  }
  // Last, so that a folder with a result is a complete one.
  io::write_file(folder / "result.json", to_json(result).dump(2) + "\n");
}

}  // namespace ergo
