// SPDX-License-Identifier: GPL-3.0-or-later
// The run engine: chains over workers, and what a watching window costs the samplers.
#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "app/desktop/event_queue.h"
#include "core/presets/store.h"
#include "core/run/run.h"
#include "tests/bench/measure.h"
#include "tests/bench/suites.h"

namespace ergo::bench {
namespace {

constexpr int chains = 16;

/// toy-foong with SGHMC alone, the sampler whose steps are cheapest and which therefore feels any
/// cost beside the step most.
Preset sixteen_chains(int steps_a_chain) {
  Preset preset = load_preset("toy-foong");
  // First: it applies the tuned step sizes, which name samplers that are about to go.
  set_field(preset, "gradient_evaluations", fmt::format("{}", chains * steps_a_chain));
  nlohmann::json kept = nlohmann::json::array();
  for (const auto& sampler : preset.document["samplers"]) {
    if (sampler["id"] == "sghmc") kept.push_back(sampler);
  }
  preset.document["samplers"] = kept;
  set_field(preset, "sghmc.chains", fmt::format("{}", chains));
  set_field(preset, "draws", fmt::format("{}", chains * 10));
  set_field(preset, "diagnostic_draws", "0");  // f on the grid costs more than a step of these
  return preset;
}

RunResult run_once(const Preset& preset, int workers, bool live, const EventSink& sink) {
  RunControl control;
  RunOptions options;
  options.workers = workers;
  options.live = live;
  return run(preset, options, sink, control);
}

void require_same_draws(const RunResult& a, const RunResult& b) {
  if (a.samplers.at(0).draws_sha256 != b.samplers.at(0).draws_sha256 || a.all_diverged()) {
    throw std::runtime_error("the two runs made different draws, or none");
  }
}

void scaling(benchmark::State& state, bool two_first) {
  const Preset preset = sixteen_chains(4000);
  RunResult one, two;
  for (int i = 0; i < 2; ++i) {
    const bool both = (i == 0) == two_first;
    (both ? two : one) = run_once(preset, both ? 2 : 1, false, {});
  }
  require_same_draws(one, two);
  state.counters["one_worker_s"] = one.wall_seconds;
  state.counters["two_workers_s"] = two.wall_seconds;
}

/// Drains the queue as the window's frame clock does, every 16 ms while events come.
class Window {
 public:
  EventSink sink() {
    return [this](const RunEvent& event) { queue_.push(event); };
  }
  std::size_t finish() {
    thread_.request_stop();
    thread_.join();
    consume();
    return points_;
  }

 private:
  void consume() {
    for (const RunEvent& event : queue_.drain()) {
      if (const auto* trace = std::get_if<TraceAdded>(&event)) points_ += trace->potential.size();
    }
  }

  EventQueue queue_{[] {}};
  std::size_t points_ = 0;
  std::jthread thread_{[this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      consume();
      std::this_thread::sleep_for(std::chrono::milliseconds(16));
    }
  }};
};

double cpu_seconds_a_step(const RunResult& result) {
  return result.samplers[0].seconds / static_cast<double>(result.samplers[0].gradient_evaluations);
}

void streaming(benchmark::State& state, bool live_first) {
  const Preset preset = sixteen_chains(4000);
  RunResult headless, live;
  std::size_t points = 0;
  for (int i = 0; i < 2; ++i) {
    if ((i == 0) == live_first) {
      Window window;
      live = run_once(preset, 1, true, window.sink());
      points = window.finish();
    } else {
      headless = run_once(preset, 1, false, {});
    }
  }
  require_same_draws(headless, live);
  if (points == 0) throw std::runtime_error("the window received no trace");
  state.counters["headless_s"] = cpu_seconds_a_step(headless);
  state.counters["live_s"] = cpu_seconds_a_step(live);
  state.counters["trace_points"] = static_cast<double>(points);
}

/// Repetitions swap which side goes first, so that a slow drift of the machine cancels.
void add_alternating(const char* name, int repetitions, void (*pair)(benchmark::State&, bool)) {
  add_benchmark(name, repetitions, [pair, swapped = false](benchmark::State& state) mutable {
    try {
      pair(state, swapped);
    } catch (const std::exception& error) {
      state.SkipWithError(error.what());
    }
    swapped = !swapped;
  });
}

}  // namespace

void add_run_benchmarks() {
  if (usable_cores() < 2)
    add_absent("scaling", "one core");  // nothing to scale over
  else
    add_alternating("scaling", 8, scaling);
  add_alternating("streaming", 12, streaming);
}

}  // namespace ergo::bench
