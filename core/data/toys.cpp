// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/toys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>

#include "core/base/error.h"
#include "core/data/common.h"

namespace ergo {
namespace {

using Points = std::vector<double>;

/// What distinguishes one generated problem from another.
struct Problem1D {
  std::string name;
  std::function<double(double)> truth;
  std::function<Points(double)> features;
  Points train_x;
  double domain_min = -1.0, domain_max = 1.0;
  double grid_min = -1.5, grid_max = 1.5;
  double noise_sd = 0.1;
  bool always_standardise_inputs = false;
};

constexpr std::int64_t most_points = 1000000;
constexpr std::int64_t own_validation_size = 200;
constexpr std::int64_t own_test_size = 500;

/// @throws Error{config} for more than anybody needs of a one-dimensional problem.
std::int64_t size_or(std::int64_t configured, std::int64_t own) {
  if (configured > most_points) {
    throw Error(
        ExitCode::config,
        fmt::format("Field 'data.train_size', 'data.validation_size' or 'data.test_size' is "
                    "{}, but a generated problem has at most {} points in each.",
                    configured, most_points));
  }
  return configured > 0 ? configured : own;
}

Points plain_feature(double x) { return {x}; }

Points uniform_points(ScalarStream& stream, double min, double max, std::int64_t count) {
  Points points(static_cast<std::size_t>(count));
  for (double& x : points) x = stream.uniform(min, max);
  return points;
}

Points values_of(const std::function<double(double)>& function, const Points& x) {
  Points y(x.size());
  std::transform(x.begin(), x.end(), y.begin(), function);
  return y;
}

Points with_noise(Points y, double sd, ScalarStream stream) {
  for (double& value : y) value += sd * stream.normal();
  return y;
}

Inputs inputs_of(const Problem1D& problem, const Points& x) {
  Inputs inputs;
  inputs.count = static_cast<std::int64_t>(x.size());
  for (const double value : x) {
    const Points row = problem.features(value);
    inputs.shape.width = static_cast<std::int64_t>(row.size());
    inputs.values.insert(inputs.values.end(), row.begin(), row.end());
  }
  return inputs;
}

Split split_of(const Problem1D& problem, const Points& x, ScalarStream noise) {
  Split split;
  split.x = inputs_of(problem, x);
  split.y = with_noise(values_of(problem.truth, x), problem.noise_sd, std::move(noise));
  return split;
}

Points domain_points(const Problem1D& problem, const DataConfig& config, DataPurpose purpose,
                     std::int64_t count) {
  ScalarStream stream = data_stream(config, purpose);
  return uniform_points(stream, problem.domain_min, problem.domain_max, count);
}

void fill_curve(Dataset& dataset, const Problem1D& problem, const DataConfig& config) {
  CurveData& curve = dataset.curve;
  curve.train_x = problem.train_x;
  curve.train_y = dataset.train.y;
  curve.grid_x = curve_grid(config, problem.grid_min, problem.grid_max);
  curve.true_y = values_of(problem.truth, curve.grid_x);
  curve.noise_sd = problem.noise_sd;
  dataset.grid = inputs_of(problem, curve.grid_x);
}

Dataset build(Problem1D problem, const DataConfig& config) {
  if (config.noise_sd > 0.0) problem.noise_sd = config.noise_sd;
  const Points validation_x = domain_points(problem, config, DataPurpose::validation_x,
                                            size_or(config.validation_size, own_validation_size));
  const Points test_x =
      domain_points(problem, config, DataPurpose::test_x, size_or(config.test_size, own_test_size));
  const auto noise = [&config](DataPurpose purpose) { return data_stream(config, purpose); };
  Dataset dataset;
  dataset.name = problem.name;
  dataset.train = split_of(problem, problem.train_x, noise(DataPurpose::train_noise));
  dataset.validation = split_of(problem, validation_x, noise(DataPurpose::validation_noise));
  dataset.test = split_of(problem, test_x, noise(DataPurpose::test_noise));
  dataset.inputs = dataset.train.x.shape.size();
  fill_curve(dataset, problem, config);
  if (config.standardise || problem.always_standardise_inputs) standardise_inputs(dataset);
  if (config.standardise) standardise_targets(dataset);
  return dataset;
}

/// The random function of `gap`: 2-10-10-10-1, ReLU, every parameter ~ N(0, 0.1^2), drawn layer by
/// layer, weights [out, in] row-major before biases.
class RandomNetwork {
 public:
  explicit RandomNetwork(ScalarStream stream) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i] = 0.1 * stream.normal();
  }

  double operator()(double x) const {
    Points h = {x, x * x};
    const double* next = parameters_.data();
    for (std::size_t layer = 1; layer < widths.size(); ++layer) {
      h = layer_output(h, widths[layer], next, layer + 1 < widths.size());
    }
    return h[0];
  }

 private:
  static constexpr std::array<std::size_t, 5> widths = {2, 10, 10, 10, 1};

  static Points layer_output(const Points& in, std::size_t width, const double*& next, bool relu) {
    Points out(width, 0.0);
    for (double& value : out) {
      for (const double input : in) value += *next++ * input;
    }
    for (double& value : out) {
      value += *next++;
      if (relu) value = std::max(value, 0.0);
    }
    return out;
  }

  std::array<double, 30 + 110 + 110 + 11> parameters_{};
};

/// count points shared out evenly over the segments, the first ones get the rest.
Points segment_points(const std::vector<std::pair<double, double>>& segments, std::int64_t count,
                      const std::function<Points(double, double, std::int64_t)>& draw) {
  Points points;
  const auto parts = static_cast<std::int64_t>(segments.size());
  for (std::int64_t i = 0; i < parts; ++i) {
    const std::int64_t share = count / parts + (i < count % parts ? 1 : 0);
    const Points part = draw(segments[i].first, segments[i].second, share);
    points.insert(points.end(), part.begin(), part.end());
  }
  return points;
}

/// Uniform on [-1, 1] without the gap: the gap is cut out and its two sides are joined.
Points sine_inputs(const DataConfig& config) {
  const double gap = std::max(config.gap_max - config.gap_min, 0.0);
  if (gap >= 2.0) {
    throw Error(
        ExitCode::config,
        fmt::format("Fields 'data.gap_min' = {} and 'data.gap_max' = {} leave nothing of [-1, "
                    "1].",
                    config.gap_min, config.gap_max));
  }
  ScalarStream stream = data_stream(config, DataPurpose::train_x);
  Points points = uniform_points(stream, -1.0, 1.0 - gap, size_or(config.train_size, 100));
  for (double& x : points) {
    if (gap > 0.0 && x > config.gap_min) x += gap;
  }
  return points;
}

}  // namespace

Dataset make_foong(const DataConfig& config, const std::filesystem::path&) {
  ScalarStream stream = data_stream(config, DataPurpose::train_x);
  Problem1D problem;
  problem.name = "foong";
  problem.truth = [](double x) { return std::cos(4.0 * x + 0.8); };
  problem.features = plain_feature;
  problem.train_x = segment_points(
      {{-1.0, -0.7}, {0.5, 1.0}}, size_or(config.train_size, 100),
      [&stream](double a, double b, std::int64_t n) { return uniform_points(stream, a, b, n); });
  return build(std::move(problem), config);
}

Dataset make_gap(const DataConfig& config, const std::filesystem::path&) {
  Problem1D problem;
  problem.name = "gap";
  problem.truth = RandomNetwork(data_stream(config, DataPurpose::function));
  problem.features = [](double x) { return Points{x, x * x}; };
  problem.train_x = segment_points({{-10.0, -6.0}, {6.0, 10.0}, {14.0, 18.0}},
                                   size_or(config.train_size, 120), linspace);
  problem.domain_min = -10.0, problem.domain_max = 18.0;
  problem.grid_min = -14.0, problem.grid_max = 22.0;
  problem.noise_sd = 0.01;
  problem.always_standardise_inputs = true;
  return build(std::move(problem), config);
}

Dataset make_sine(const DataConfig& config, const std::filesystem::path&) {
  Problem1D problem;
  problem.name = "sine";
  const double amplitude = config.amplitude, phase = config.phase;
  const double omega = 2.0 * std::numbers::pi * config.frequency;
  problem.truth = [=](double x) { return amplitude * std::sin(omega * x + phase); };
  problem.features = plain_feature;
  problem.train_x = sine_inputs(config);
  return build(std::move(problem), config);
}

}  // namespace ergo
