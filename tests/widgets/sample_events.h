// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/events/events.h"
#include "widgets/plots/plot.h"

/// Events as a run of four samplers on a 1-D regression sends them. Deterministic.
namespace ergo::sample {

inline double truth(double x) { return std::sin(2 * x) + 0.3 * x; }

inline std::vector<double> gridX() {
  std::vector<double> x;
  for (int i = 0; i < 200; ++i) x.push_back(-3 + 6.0 * i / 199);
  return x;
}

/// A band around the truth that widens in the gap (-1, 1) and outside the data.
inline Band band(double width, double shift) {
  Band result;
  for (const double x : gridX()) {
    const double spread =
        width * (0.12 + 0.55 * std::exp(-x * x / 0.4) + 0.5 * std::max(0.0, std::abs(x) - 2.3));
    const double mean = truth(x) + shift * std::exp(-x * x);
    result.mean.push_back(mean);
    result.q05.push_back(mean - 1.64 * spread);
    result.q25.push_back(mean - 0.67 * spread);
    result.q75.push_back(mean + 0.67 * spread);
    result.q95.push_back(mean + 1.64 * spread);
  }
  return result;
}

inline RunStarted started(std::int64_t run = 1, const std::string& task = "regression") {
  RunStarted event;
  event.run = run;
  event.preset = "toy-foong";
  event.title = "Regression with a gap";
  event.task = task;
  event.seed = 3;
  event.gradient_evaluations = 20000;
  event.resolved_preset = R"({"gradient_evaluations":20000,"title":"Regression <with> a gap"})";
  event.versions = R"({"ergoscope":"0.1.0","stream_version":2})";
  event.samplers = {{"sghmc", "SGHMC", 2, 40},
                    {"csgmcmc", "Cyclical SGMCMC", 2, 40},
                    {"deep_ensemble", "Deep ensemble", 4, 40},
                    {"l2e", "L2E", 2, 40, true}};
  if (task == "classification") return event;
  std::mt19937 engine(7);
  for (int i = 0; i < 60; ++i) {
    const double u = engine() / 4294967296.0, v = engine() / 4294967296.0;
    const double x = (i % 2 ? 1 : -1) * (1 + 1.3 * u);
    event.curve.train_x.push_back(x);
    event.curve.train_y.push_back(truth(x) + 0.2 * (v - 0.5));
  }
  event.curve.grid_x = gridX();
  for (const double x : event.curve.grid_x) event.curve.true_y.push_back(truth(x));
  event.curve.noise_sd = 0.1;
  event.reference = band(1.0, 0.0);
  return event;
}

inline PredictiveUpdated predictive(int sampler, std::int64_t run = 1) {
  const double width[] = {0.7, 0.85, 0.45, 1.05}, shift[] = {0.25, -0.1, 0.3, 0.05};
  return {run, sampler, 40, band(width[sampler], shift[sampler])};
}

/// A transient from 4000 down to about 120, then noise around it.
inline TraceAdded trace(int sampler, std::int64_t chain, int count = 2500, int from = 0,
                        std::int64_t run = 1) {
  TraceAdded event{run, sampler, chain, {}, {}, {}, {}};
  std::mt19937 engine(static_cast<unsigned>(100 * sampler + chain + 17 * from));
  double noise = 0;
  for (int i = from; i < from + count; ++i) {
    noise = 0.97 * noise + 3.0 * (engine() / 4294967296.0 - 0.5);
    event.step.push_back(i);
    event.evaluation.push_back(4.0 * i);
    event.potential.push_back(110 + 8 * sampler + 4000 * std::exp(-i / 60.0) + noise);
    event.collecting.push_back(sampler == 1 ? (i % 625) > 470 : i > 500);
  }
  return event;
}

inline TrajectoryUpdated trajectory(std::int64_t run = 1) {
  TrajectoryUpdated event;
  event.run = run;
  event.explained[0] = 0.431;
  event.explained[1] = 0.187;
  std::mt19937 engine(3);
  const auto normal = [&engine] {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += engine() / 4294967296.0;
    return sum;
  };
  for (int sampler = 0; sampler < 4; ++sampler) {
    for (int chain = 0; chain < 2; ++chain) {
      TrajectoryPath path{sampler, chain, {}, {}, {}};
      double x = -6 + 0.4 * chain, y = 4 - 0.3 * sampler, vx = 0.2, vy = -0.1;
      for (int i = 0; i < 400; ++i) {
        vx = 0.93 * vx - 0.006 * (x - 2 * sampler) + 0.03 * normal();
        vy = 0.93 * vy - 0.006 * (y - 1.5 * (chain ? 1 : -1)) + 0.03 * normal();
        x += vx;
        y += vy;
        path.x.push_back(x);
        path.y.push_back(y);
        path.off_plane.push_back(0.4 + 0.1 * sampler + 0.02 * normal());
      }
      event.paths.push_back(path);
    }
  }
  return event;
}

/// Two groups of draws: blocks of small divergence, larger between the groups.
inline DiversityUpdated diversity(int sampler, std::int64_t draws = 40, std::int64_t run = 1) {
  DiversityUpdated event{run, sampler, draws, {}};
  std::mt19937 engine(static_cast<unsigned>(11 + sampler));
  for (std::int64_t i = 0; i < draws; ++i) {
    for (std::int64_t j = 0; j < draws; ++j) {
      const bool same = (i < draws / 2) == (j < draws / 2);
      const double scale = (0.3 + 0.25 * sampler) * (same ? 0.4 : 1.0);
      event.pairwise_kld.push_back(i == j ? 0 : scale * (0.7 + 0.6 * (engine() / 4294967296.0)));
    }
  }
  return event;
}

inline ReliabilityUpdated reliability(int sampler, std::int64_t run = 1) {
  ReliabilityUpdated event{run, sampler, 40, {}, {}, {}, 400};
  const double power[] = {1.5, 1.25, 1.8, 1.05};
  for (int i = 1; i < 20; ++i) {
    event.predicted.push_back(i / 20.0);
    event.observed.push_back(i == 3 ? undefined : std::pow(i / 20.0, power[sampler]));
    event.weight.push_back(i == 3 ? 0.0 : 1.0 / 18);
  }
  return event;
}

inline MetaIteration meta(int iteration, std::int64_t run = 2) {
  std::mt19937 engine(static_cast<unsigned>(iteration + 1));
  MetaIteration event;
  event.run = run;
  event.iteration = iteration;
  event.smoothed = 0.4 + 1.8 * std::exp(-iteration / 80.0);
  event.meta_loss = event.smoothed + 0.5 * (engine() / 4294967296.0 - 0.4);
  if (iteration % 25 == 0) {
    event.score = event.smoothed - 0.05;
    event.score_error = 0.02;
  }
  event.best_score = 0.35 + 1.8 * std::exp(-(iteration / 25 * 25) / 80.0);
  event.gradient_norm = 1.0;
  return event;
}

inline MetricsUpdated metrics(int sampler, std::int64_t run = 1) {
  MetricsUpdated event{run,
                       sampler,
                       40,
                       10000,
                       1.25 + sampler,
                       "done",
                       {{"nll", -0.5 - 0.1 * sampler},
                        {"rmse", sampler == 1 ? undefined : 0.2 - 0.01 * sampler},
                        {"coverage_90", 0.7 + 0.06 * sampler},
                        {"kld", 0.3}}};
  if (sampler != 2) event.metrics["wasserstein_to_reference"] = 0.2 - 0.03 * sampler;
  return event;
}

/// Falls with the evaluations; seeds differ by a constant.
inline CurveUpdated curve(int sampler, double offset = 0.0, std::int64_t run = 1) {
  CurveUpdated event{run, sampler, {}};
  for (const std::int64_t evaluations : {100, 300, 1000, 3000, 10000}) {
    const auto n = static_cast<double>(evaluations);
    event.points.push_back({evaluations,
                            40,
                            n * 1e-4 * (1 + sampler),
                            {{"nll", 2.0 / std::sqrt(n) - 0.1 * sampler + offset},
                             {"rmse", 3.0 / std::sqrt(n)},
                             {"wasserstein_to_reference", undefined}}});
  }
  return event;
}

/// Everything that the plot `id` shows.
inline void feed(Plot& plot) {
  plot.consume(started());
  for (int s = 0; s < 4; ++s) {
    plot.consume(predictive(s));
    plot.consume(diversity(s));
    plot.consume(reliability(s));
    plot.consume(curve(s));
    for (int chain = 0; chain < 2; ++chain) plot.consume(trace(s, chain));
  }
  plot.consume(trajectory());
  for (int i = 0; i <= 400; ++i) plot.consume(meta(i));
}

inline std::unique_ptr<Plot> make(const char* id) {
  for (const PlotEntry& entry : plotEntries()) {
    if (std::string(entry.id) == id) return std::unique_ptr<Plot>(entry.create(nullptr));
  }
  return nullptr;
}

}  // namespace ergo::sample
