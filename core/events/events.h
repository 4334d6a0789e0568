// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

/// What a run tells the outside: plain structs of numbers, no torch, no Qt.
///
/// Every event carries the number of the run it belongs to (`run`), so that a late event of an
/// earlier run can be dropped. A `sampler` index counts into RunStarted::samplers.
namespace ergo {

inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// A sampler as it appears in a run.
struct SamplerInfo {
  std::string id;     ///< registry id, the key of its colour
  std::string label;  ///< for people
  std::int64_t chains = 1;
  std::int64_t planned_draws = 0;  ///< pooled over chains
  bool learned = false;            ///< its updates are trained: drawn above the others
};

/// 1-D regression data for the predictive picture; empty vectors for other tasks.
struct CurveData {
  std::vector<double> train_x, train_y;
  std::vector<double> grid_x;  ///< G points
  std::vector<double> true_y;  ///< noise-free function on the grid; empty when unknown
  double noise_sd = 0.0;       ///< of generated data, original units; 0: unknown
  std::string x_label = "x", y_label = "y";
};

/// Quantile bands of the latent function f(x) on the grid, and of a new observation y(x), noise
/// included; original units.
struct Band {
  std::vector<double> mean, q05, q25, q75, q95;  ///< of f, [G] each
  std::vector<double> y05, y95;                  ///< of y, [G] each; empty for a reference
  std::vector<std::vector<double>> functions;    ///< up to 8 single draws [G]
};

struct RunStarted {
  std::int64_t run = 0;
  std::string preset, title;
  std::uint64_t seed = 0;
  std::string task;  ///< "regression", "classification", "meta-training" or, of a bare log-density,
                     ///< "density"
  std::int64_t gradient_evaluations = 0;  ///< budget of each sampler; 0 where there is none
  std::string resolved_preset;            ///< JSON text: every value that is used
  std::string versions;                   ///< JSON text: what a repetition of the run must match
  std::vector<SamplerInfo> samplers;
  CurveData curve;
  Band reference;  ///< of the HMC reference; empty vectors when there is none
  std::vector<std::string> class_names;
};

/// All points in the TraceAdded events of a run are at most this many.
inline constexpr std::int64_t trace_budget = (std::int64_t{1} << 22) / 8 * 7;

/// Potential along one chain since the last such event: every transition, or, in a run of more
/// than trace_budget transitions, groups of the later ones by first, lowest, highest and last.
/// Which ones depends on their numbers and potentials alone (core/run/trace_thinner.h).
struct TraceAdded {
  std::int64_t run = 0;
  int sampler = 0;
  std::int64_t chain = 0;
  std::vector<double> step;        ///< transitions of this chain
  std::vector<double> evaluation;  ///< gradient evaluations of the whole sampler at that point
  std::vector<double> potential;   ///< U on the batch, nats, full-data scale
  std::vector<bool> collecting;    ///< false in burn-in and exploration
  std::int64_t thinned = 0;        ///< transitions of this time that are left out
};

/// The common PCA plane of all samplers, whole (it is recomputed as the chains move).
struct TrajectoryPath {
  int sampler = 0;
  std::int64_t chain = 0;
  std::vector<double> x, y;       ///< coordinates in the plane
  std::vector<double> off_plane;  ///< distance of each point from the plane, parameter units
};
struct TrajectoryUpdated {
  std::int64_t run = 0;
  std::vector<TrajectoryPath> paths;
  double explained[2] = {0, 0};  ///< share of variance along x and y, 0..1
};

/// The predictive of a sampler's draws so far.
struct PredictiveUpdated {
  std::int64_t run = 0;
  int sampler = 0;
  std::int64_t draws = 0;
  Band band;
};

/// Diversity between the draws of one sampler: pairwise KL of their predictives.
struct DiversityUpdated {
  std::int64_t run = 0;
  int sampler = 0;
  std::int64_t draws = 0;            ///< K
  std::vector<double> pairwise_kld;  ///< row-major [K, K], nats, zero diagonal
};

/// Classification: confidence bins of the BMA. Regression: nominal against empirical coverage.
struct ReliabilityUpdated {
  std::int64_t run = 0;
  int sampler = 0;
  std::int64_t draws = 0;
  std::vector<double> predicted;  ///< mean confidence of a bin, or nominal coverage, 0..1
  std::vector<double> observed;   ///< accuracy of the bin, or empirical coverage; NaN: empty bin
  std::vector<double> weight;     ///< share of the test points in the bin
  std::int64_t points = 0;        ///< test points; 0: not told
};

/// Measures of the draws so far, named as on the command line ("nll", "ece", ...); NaN: undefined.
struct MetricsUpdated {
  std::int64_t run = 0;
  int sampler = 0;
  std::int64_t draws = 0;
  std::int64_t gradient_evaluations = 0;
  double cpu_seconds = 0.0;
  std::string status;  ///< "running", "done", "stopped", "diverged"
  std::map<std::string, double> metrics;
  std::map<std::string, std::string> reasons{};  ///< why a measure is undefined, where more is
                                                 ///< known than core/measures can say
  std::string convergence_remark{};  ///< what a reader of R-hat and ESS must know; empty: nothing
};

/// Measures of a run that has come so far, as if it had been planned to end there with the rule of
/// its draws, but with the schedule of its whole length.
struct CurvePoint {
  std::int64_t gradient_evaluations = 0, draws = 0;
  double cpu_seconds = 0.0;
  std::map<std::string, double> metrics;
};

/// The curve of one sampler against its cost, whole; cost rises. While a run goes on without the
/// distance to a reference that this run makes.
struct CurveUpdated {
  std::int64_t run = 0;
  int sampler = 0;
  std::vector<CurvePoint> points;
};

struct ChainDiverged {
  std::int64_t run = 0;
  int sampler = 0;
  std::int64_t chain = 0;
  std::int64_t step = 0;
  std::string reason;
};

struct Progress {
  std::int64_t run = 0;
  std::int64_t done = 0;  ///< gradient evaluations, or outer iterations
  std::int64_t total = 0;
  double seconds_left = undefined;
  std::vector<double> sampler_fraction;  ///< 0..1 per sampler; empty while meta-training
};

/// One outer iteration of meta-training.
struct MetaIteration {
  std::int64_t run = 0;
  std::int64_t iteration = 0;
  double meta_loss = 0.0;         ///< mean over the population, nats
  double smoothed = 0.0;          ///< exponential moving average with bias correction
  double best_score = undefined;  ///< lowest score so far, of the kind that chooses the parameters
  double score = undefined;       ///< of the training family, when this iteration was validated
  double gradient_norm = 0.0;
  double score_error = undefined;  ///< standard error of the score over its tasks
  double transfer = undefined;     ///< score on tasks that the training does not see, where due
  double transfer_error = undefined;
};

struct LogMessage {
  std::int64_t run = 0;
  std::string level;  ///< "info", "warning", "error"
  std::string text;
};

/// Always the last event of a run.
struct RunFinished {
  std::int64_t run = 0;
  std::string reason;  ///< "completed", "stopped", "diverged" or "failed"
  std::string text;
  std::vector<std::string> draws_sha256;  ///< per sampler; empty when there are no results
};

using RunEvent = std::variant<RunStarted, TraceAdded, TrajectoryUpdated, PredictiveUpdated,
                              DiversityUpdated, ReliabilityUpdated, MetricsUpdated, CurveUpdated,
                              ChainDiverged, Progress, MetaIteration, LogMessage, RunFinished>;

/// The number of the run that an event belongs to.
inline std::int64_t run_of(const RunEvent& event) {
  return std::visit([](const auto& e) { return e.run; }, event);
}

/// Called on threads of the run, one call at a time, in order; returns fast and never throws.
using EventSink = std::function<void(const RunEvent&)>;

}  // namespace ergo
