// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/number.h"
#include "core/base/purpose.h"
#include "core/data/common.h"
#include "core/io/sha256.h"

namespace ergo {
namespace {

struct Moments {
  double mean = 0.0, sd = 1.0;
};

/// Mean and sd (divisor n) of count numbers, stride apart. A constant keeps sd 1: rounding errors
/// of its mean are no scale.
Moments moments(const double* values, std::int64_t count, std::int64_t stride,
                const std::string& name) {
  double sum = 0.0, low = values[0], high = values[0];
  for (std::int64_t i = 0; i < count; ++i) {
    sum += values[i * stride];
    low = std::min(low, values[i * stride]);
    high = std::max(high, values[i * stride]);
  }
  if (low == high) return {low, 1.0};
  const double mean = sum / static_cast<double>(count);
  double squares = 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    squares += (values[i * stride] - mean) * (values[i * stride] - mean);
  }
  const double sd = std::sqrt(squares / static_cast<double>(count));
  if (!std::isfinite(sd) || sd == 0.0) {
    throw Error(ExitCode::data, fmt::format("{}: values from {} to {} have no usable mean and sd.",
                                            name, low, high));
  }
  return {mean, sd};
}

void scale_column(Inputs& x, std::int64_t column, const Moments& m) {
  for (std::int64_t row = 0; row < x.count; ++row) {
    double& value = x.values[row * x.shape.size() + column];
    value = (value - m.mean) / m.sd;
  }
}

template <class T>
void hash_vector(io::Sha256& hash, const std::vector<T>& values) {
  const std::uint64_t size = values.size();
  hash.update(&size, sizeof size);
  hash.update(values.data(), size * sizeof(T));
}

}  // namespace

const char* to_string(Task task) {
  return task == Task::regression ? "regression" : "classification";
}

template <class T>
void Inputs::gather(const std::int64_t* rows, std::int64_t n, T* out) const {
  const std::int64_t size = shape.size(), plane = shape.height * shape.width;
  for (std::int64_t i = 0; i < n; ++i) {
    if (!values.empty()) {
      const double* row = values.data() + rows[i] * size;
      out = std::transform(row, row + size, out, [](double v) { return static_cast<T>(v); });
      continue;
    }
    const std::uint8_t* row = bytes.data() + rows[i] * size;
    for (std::size_t c = 0; c < scale.size(); ++c, row += plane) {
      out = std::transform(row, row + plane, out, [a = scale[c], b = shift[c]](std::uint8_t v) {
        return static_cast<T>(v * a + b);
      });
    }
  }
}

template void Inputs::gather(const std::int64_t*, std::int64_t, float*) const;
template void Inputs::gather(const std::int64_t*, std::int64_t, double*) const;

ScalarStream data_stream(const DataConfig& config, DataPurpose purpose) {
  const auto seed = parse_number<std::uint64_t>(config.seed);
  if (!seed) {
    throw Error(
        ExitCode::config,
        fmt::format("Field 'data.seed' is '{}', but must be a whole number from 0 to 2^64-1.",
                    config.seed));
  }
  return ScalarStream(
      purpose_key(*seed, Purpose::data).fold_in(static_cast<std::uint64_t>(purpose)));
}

std::vector<double> linspace(double first, double last, std::int64_t count) {
  std::vector<double> points(static_cast<std::size_t>(count), first);
  for (std::int64_t i = 1; i < count; ++i) {
    points[i] = i + 1 == count ? last : first + (last - first) * i / (count - 1);
  }
  return points;
}

void standardise_inputs(Dataset& dataset) {
  const Inputs& train = dataset.train.x;
  Standardisation& result = dataset.standardisation;
  const std::int64_t columns = train.shape.size();
  for (std::int64_t column = 0; column < columns; ++column) {
    const Moments m = moments(train.values.data() + column, train.count, columns, dataset.name);
    result.x_mean.push_back(m.mean);
    result.x_sd.push_back(m.sd);
    for (Inputs* x : {&dataset.train.x, &dataset.validation.x, &dataset.test.x, &dataset.grid}) {
      scale_column(*x, column, m);
    }
  }
}

void standardise_targets(Dataset& dataset) {
  const std::int64_t targets = dataset.targets, count = dataset.train.size();
  Standardisation& result = dataset.standardisation;
  result.y_mean.clear();
  result.y_sd.clear();
  for (std::int64_t column = 0; column < targets; ++column) {
    const Moments m = moments(dataset.train.y.data() + column, count, targets, dataset.name);
    result.y_mean.push_back(m.mean);
    result.y_sd.push_back(m.sd);
    for (Split* split : {&dataset.train, &dataset.validation, &dataset.test}) {
      for (std::size_t i = column; i < split->y.size(); i += targets) {
        split->y[i] = (split->y[i] - m.mean) / m.sd;
      }
    }
  }
}

std::vector<double> curve_grid(const DataConfig& config, double min, double max) {
  if (config.grid_min > config.grid_max) {
    throw Error(ExitCode::config,
                fmt::format("Field 'data.grid_min' is {}, but must be <= data.grid_max = {}.",
                            config.grid_min, config.grid_max));
  }
  const bool own = config.grid_min == config.grid_max;
  return linspace(own ? min : config.grid_min, own ? max : config.grid_max, config.grid_points);
}

std::vector<double> target_sd(const Dataset& dataset) {
  std::vector<double> result;
  for (std::int64_t t = 0; t < dataset.targets; ++t) {
    const Moments m =
        moments(dataset.train.y.data() + t, dataset.train.size(), dataset.targets, dataset.name);
    result.push_back(m.sd * dataset.standardisation.y_sd[static_cast<std::size_t>(t)]);
  }
  return result;
}

std::string hash_of(const Dataset& dataset) {
  io::Sha256 hash;
  for (const Split* split : {&dataset.train, &dataset.validation, &dataset.test}) {
    const Inputs& x = split->x;
    hash.update(&x.count, sizeof x.count);
    const std::int64_t width = x.shape.size();
    hash.update(&width, sizeof width);
    if (x.shape.channels > 1) hash.update(&x.shape, sizeof x.shape);
    hash.update(x.scale.data(), x.scale.size() * sizeof(double));
    hash.update(x.shift.data(), x.shift.size() * sizeof(double));
    hash_vector(hash, x.values);
    hash_vector(hash, x.bytes);
    hash_vector(hash, split->y);
    hash_vector(hash, split->labels);
  }
  return hash.hex();
}

}  // namespace ergo
