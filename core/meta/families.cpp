// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/families.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "core/meta/draws.h"
#include "core/models/models.h"

namespace ergo {
namespace {

using Function = std::function<double(double)>;

struct Gap {
  double low = 2.0, high = 2.0;  // outside the domain: no gap
  bool contains(double x) const { return x > low && x < high; }
};

constexpr double held_out_gap = 0.6;

Function sine(const FamilyConfig& c, ScalarStream& s) {
  const double amplitude = s.uniform(c.amplitude_min, c.amplitude_max);
  const double omega = 2.0 * std::numbers::pi * s.uniform(c.frequency_min, c.frequency_max);
  const double phase = s.uniform(0.0, 2.0 * std::numbers::pi);
  return [=](double x) { return amplitude * std::sin(omega * x + phase); };
}

Function polynomial(const FamilyConfig& c, ScalarStream& s) {
  const double amplitude = s.uniform(c.amplitude_min, c.amplitude_max);
  const auto degree = static_cast<std::size_t>(2 + s.integer(4));
  std::array<double, 6> weight{};
  double norm = 0.0;
  for (std::size_t d = 0; d <= degree; ++d) {
    weight[d] = s.normal();
    norm += weight[d] * weight[d];
  }
  for (double& w : weight) w *= amplitude / std::sqrt(norm);
  return [weight, degree](double x) {
    double previous = 1.0, current = x, sum = weight[0] + weight[1] * x;
    for (std::size_t d = 2; d <= degree; ++d) {  // Legendre recurrence
      const auto n = static_cast<double>(d);
      const double next = ((2.0 * n - 1.0) * x * current - (n - 1.0) * previous) / n;
      previous = std::exchange(current, next);
      sum += weight[d] * current;
    }
    return sum;
  };
}

Function gaussian_process(const FamilyConfig& c, ScalarStream& s) {
  constexpr int features = 256;
  const double amplitude = s.uniform(c.amplitude_min, c.amplitude_max);
  const double rate = 2.0 * std::numbers::pi * s.uniform(c.frequency_min, c.frequency_max);
  std::vector<std::array<double, 3>> terms(features);
  for (auto& [omega, phase, weight] : terms) {
    omega = rate * s.normal();
    phase = s.uniform(0.0, 2.0 * std::numbers::pi);
    weight = s.normal();
  }
  const double scale = amplitude * std::sqrt(2.0 / features);
  return [terms = std::move(terms), scale](double x) {
    double sum = 0.0;
    for (const auto& [omega, phase, weight] : terms) sum += weight * std::cos(omega * x + phase);
    return scale * sum;
  };
}

Function make_function(const FamilyConfig& c, ScalarStream& s) {
  if (c.functions == "polynomial") return polynomial(c, s);
  if (c.functions == "gp") return gaussian_process(c, s);
  return sine(c, s);
}

Gap make_gap(const FamilyConfig& c, ScalarStream& s) {
  const bool held_out = c.functions == "gap";
  const double width = s.uniform(held_out ? std::max(held_out_gap, c.gap_min) : c.gap_min,
                                 std::max(c.gap_max, held_out ? held_out_gap : c.gap_max));
  const double low = s.uniform(-1.0, 1.0 - width);
  return width > 0 ? Gap{low, low + width} : Gap{};
}

Split make_split(std::int64_t count, const Function& f, const Gap& gap, double noise,
                 ScalarStream& s, double* noise_nll) {
  Split split;
  split.x.count = count;
  split.x.shape.width = 1;
  double squares = 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    double x = s.uniform(-1.0, 1.0);
    while (gap.contains(x)) x = s.uniform(-1.0, 1.0);
    const double z = s.normal();
    squares += z * z;
    split.x.values.push_back(x);
    split.y.push_back(f(x) + noise * z);
  }
  if (noise_nll) {
    *noise_nll = 0.5 * squares / static_cast<double>(count) +
                 std::log(noise * std::sqrt(2.0 * std::numbers::pi));
  }
  return split;
}

/// A preset's model section.
nlohmann::json make_model(const FamilyConfig& c, ScalarStream& s) {
  const std::int64_t width = integer_between(s, c.width_min, c.width_max);
  const std::int64_t depth = integer_between(s, c.depth_min, c.depth_max);
  const std::vector<std::int64_t> hidden(static_cast<std::size_t>(depth), width);
  return {{"kind", "mlp"}, {"hidden", hidden}, {"activation", s.uniform() < 0.5 ? "tanh" : "silu"}};
}

class RegressionFamily final : public TaskFamily {
 public:
  explicit RegressionFamily(const FamilyConfig& config) : config_(config) {}
  MetaTask task(RngKey key) const override { return make_task(config_, key); }
  std::string name() const override { return config_.functions; }

 private:
  FamilyConfig config_;
};

}  // namespace

MetaTask make_task(const FamilyConfig& config, RngKey key) {
  ScalarStream s(key);
  const Function f = make_function(config, s);
  const Gap gap = make_gap(config, s);
  const double noise = log_uniform(s, config.noise_min, config.noise_max);
  const std::int64_t points = integer_between(s, config.points_min, config.points_max);
  const nlohmann::json model = make_model(config, s);

  auto data = std::make_shared<Dataset>();
  data->name = config.functions;
  data->inputs = 1;
  MetaTask task;
  data->train = make_split(points, f, gap, noise, s, nullptr);
  data->test = make_split(config.validation_points, f, Gap{}, noise, s, &task.true_nll);
  LikelihoodConfig noise_of_task;
  noise_of_task.noise_sd = noise;
  const auto likelihood = make_likelihood("gaussian", noise_of_task, *data);
  const auto network = make_network(model, *data, likelihood->outputs());
  task.posterior =
      make_posterior(std::move(data), network, likelihood, config.weight_prior, config.bias_prior);
  return task;
}

std::unique_ptr<TaskFamily> make_regression_family(const FamilyConfig& config) {
  return std::make_unique<RegressionFamily>(config);
}

}  // namespace ergo
