// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/gui_load.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace ergo::bench {
namespace {

constexpr int samplers = Load::samplers, feed_ms = 20;

Band band(double phase) {
  Band result;
  for (int i = 0; i < 200; ++i) {
    const double y = std::sin(0.05 * i + phase);
    result.mean.push_back(y);
    result.q05.push_back(y - 0.6);
    result.q25.push_back(y - 0.2);
    result.q75.push_back(y + 0.2);
    result.q95.push_back(y + 0.6);
  }
  return result;
}

RunStarted start(std::int64_t run, const Load& load) {
  RunStarted event;
  event.run = run;
  event.task = "regression";
  const char* ids[] = {"sghmc", "csgmcmc", "deep_ensemble", "l2e"};
  for (const char* id : ids) event.samplers.push_back({id, id, load.chains / samplers, 20});
  for (int i = 0; i < 200; ++i) event.curve.grid_x.push_back(-3 + 0.03 * i);
  for (int i = 0; i < 60; ++i) {
    event.curve.train_x.push_back(-2 + i / 15.0);
    event.curve.train_y.push_back(std::sin(i / 9.0));
  }
  event.reference = band(0.1);
  return event;
}

/// An AR(1) series around a level, with a transient; cheap and free of a generator's cost.
TraceAdded trace(std::int64_t run, int sampler, std::int64_t chain, std::int64_t from,
                 std::int64_t to, double& state, std::uint64_t& bits) {
  TraceAdded event;
  event.run = run;
  event.sampler = sampler;
  event.chain = chain;
  for (std::int64_t t = from; t < to; ++t) {
    bits = bits * 6364136223846793005ULL + 1442695040888963407ULL;
    state = 0.97 * state + static_cast<double>(bits >> 40) / 16777216.0 - 0.5;
    event.step.push_back(static_cast<double>(t));
    event.evaluation.push_back(static_cast<double>(4 * t));
    event.potential.push_back(100 + 5 * sampler + 3 * state +
                              900 * std::exp(-static_cast<double>(t) / 5000.0));
    event.collecting.push_back(t > 10000);
  }
  return event;
}

TrajectoryUpdated trajectory(std::int64_t run, const Load& load, int turn) {
  TrajectoryUpdated event;
  event.run = run;
  event.explained[0] = 0.4;
  event.explained[1] = 0.2;
  for (std::int64_t c = 0; c < load.chains; ++c) {
    TrajectoryPath path{static_cast<int>(c % samplers), c / samplers, {}, {}, {}};
    for (int i = 0; i < 100; ++i) {
      path.x.push_back(std::sin(0.13 * i + static_cast<double>(c)) * i * 0.1);
      path.y.push_back(std::cos(0.11 * i + 0.01 * turn) * i * 0.1);
      path.off_plane.push_back(0.5);
    }
    event.paths.push_back(std::move(path));
  }
  return event;
}

void emitPictures(std::int64_t run, const Load& load, int turn, const EventSink& sink) {
  for (int s = 0; s < samplers; ++s) {
    PredictiveUpdated predictive{run, s, 20, band(0.2 * s + 0.01 * turn)};
    sink(predictive);
    ReliabilityUpdated reliability{run, s, 20, {}, {}, {}};
    for (int i = 1; i < 20; ++i) {
      reliability.predicted.push_back(i / 20.0);
      reliability.observed.push_back(std::pow(i / 20.0, 1.0 + 0.1 * s));
      reliability.weight.push_back(1.0 / 19);
    }
    sink(reliability);
    DiversityUpdated diversity{run, s, 20, {}};
    for (int i = 0; i < 400; ++i)
      diversity.pairwise_kld.push_back(i % 21 == 0 ? 0.0 : 1.0 + 0.1 * (i % 7));
    sink(diversity);
  }
  sink(trajectory(run, load, turn));
}

}  // namespace

void feed(const Load& load, std::int64_t run, const EventSink& sink, RunControl& control) {
  sink(start(run, load));
  std::vector<double> state(static_cast<std::size_t>(load.chains), 0.0);
  std::vector<std::uint64_t> bits(state.size());
  for (std::size_t c = 0; c < bits.size(); ++c) bits[c] = c + 1;
  const int batches = std::max(1, static_cast<int>(load.seconds * 1000 / feed_ms));
  auto next = std::chrono::steady_clock::now();
  for (int b = 0; b < batches && !control.stopped(); ++b) {
    for (std::int64_t c = 0; c < load.chains; ++c)
      sink(trace(run, static_cast<int>(c % samplers), c / samplers, load.points * b / batches,
                 load.points * (b + 1) / batches, state[static_cast<std::size_t>(c)],
                 bits[static_cast<std::size_t>(c)]));
    if (b % 10 == 0) emitPictures(run, load, b, sink);
    std::this_thread::sleep_until(next += std::chrono::milliseconds(feed_ms));
  }
  sink(RunFinished{run, "completed", "", {}});
}

}  // namespace ergo::bench
