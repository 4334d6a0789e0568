// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/predictions_file.h"

#include <numeric>

#include "core/io/npz.h"
#include "core/likelihoods/predictions.h"

namespace ergo {

TestPoints test_points(const Dataset& data) {
  TestPoints points;
  points.rows = data.test.rows;
  if (points.rows.empty()) {
    points.rows.resize(static_cast<std::size_t>(data.test.size()));
    std::iota(points.rows.begin(), points.rows.end(), std::int64_t{0});
  }
  points.labels.assign(data.test.labels.begin(), data.test.labels.end());
  points.targets = data.test.y;
  const auto width = static_cast<std::size_t>(data.targets);
  for (std::size_t i = 0; i < points.targets.size(); ++i) {
    points.targets[i] = points.targets[i] * data.standardisation.y_sd[i % width] +
                        data.standardisation.y_mean[i % width];
  }
  return points;
}

std::string predictions_file(const RunResult& result) {
  const TestPoints& test = result.test;
  const auto count = static_cast<std::int64_t>(test.rows.size());
  std::vector<io::NpyArray> arrays = {io::npy_of("rows", {count}, test.rows)};
  if (test.labels.empty()) {
    const std::int64_t width =
        count > 0 ? static_cast<std::int64_t>(test.targets.size()) / count : 1;
    arrays.push_back(io::npy_of("targets", {count, width}, test.targets));
  } else {
    arrays.push_back(io::npy_of("targets", {count}, test.labels));
  }
  for (const SamplerResult& sampler : result.samplers) {
    if (!sampler.predictions || sampler.draws == 0) continue;
    const Predictions& p = *sampler.predictions;
    arrays.push_back(io::npy_of(sampler.id + ".outputs", {p.draws, p.rows, p.outputs}, p.values));
    if (p.noise_sd.empty()) continue;
    const auto shared = static_cast<std::int64_t>(p.noise_sd.size()) == p.draws * p.outputs;
    arrays.push_back(io::npy_of(sampler.id + ".noise_sd", {p.draws, shared ? 1 : p.rows, p.outputs},
                                p.noise_sd));
  }
  return io::npz(arrays);
}

}  // namespace ergo
