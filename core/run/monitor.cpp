// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/monitor.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/base/torch.h"
#include "core/diagnostics/projection.h"
#include "core/run/usable_chains.h"

namespace ergo {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto cheap_period = std::chrono::milliseconds(100);
constexpr double derived_share = 0.25;  // the pictures may take this share of one thread's time

}  // namespace

Monitor::Monitor(const Experiment& experiment, const Chains& chains, const Reference* reference,
                 Emitter& emit, int workers, bool live)
    : experiment_(experiment),
      chains_(chains),
      reference_(reference),
      emit_(emit),
      workers_(workers),
      live_(live),
      reported_(chains.all().size(), false),
      snapshots_(chains.all().size()) {
  for (std::size_t s = 0; s < experiment.samplers.size(); ++s) {
    const SamplerPlan& plan = experiment.samplers[s];
    watched_.push_back({Report(experiment.posterior),
                        std::vector<std::size_t>(static_cast<std::size_t>(plan.chains), 0), 0,
                        GrowingCurve(experiment, plan, chains.of(s))});
  }
}

Monitor::~Monitor() { join(); }
void Monitor::start() {
  thread_ = std::jthread([this] { loop(); });
}

void Monitor::join() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Monitor::set_reference(const Reference* reference) {
  join();
  reference_ = reference;
}

void Monitor::set_convergence(std::vector<SamplerConvergence> convergence) {
  join();
  convergence_ = std::move(convergence);
}

void Monitor::finish() {
  join();
  for (Chain* chain : chains_.all()) chain->close_trace();
  emit_cheap();
  emit_derived(true);
}

void Monitor::loop() {
  const torch::NoGradGuard no_grad;
  limit_library_threads();
  auto next_derived = Clock::now() + cheap_period;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    wake_.wait_for(lock, cheap_period, [this] { return stop_; });
    if (stop_) return;
    lock.unlock();
    emit_cheap();
    if (live_ && Clock::now() >= next_derived) {
      const auto begin = Clock::now();
      emit_derived(false);
      const auto cost = Clock::now() - begin;
      const auto rest = std::chrono::duration_cast<Clock::duration>(cost / derived_share);
      next_derived = Clock::now() + std::max<Clock::duration>(rest, std::chrono::milliseconds(200));
    }
    lock.lock();
  }
}

void Monitor::emit_cheap() {
  for (std::size_t i = 0; i < chains_.all().size(); ++i) emit_trace(i);
  emit_divergences();
  emit_progress();
}

void Monitor::emit_trace(std::size_t index) {
  Chain& chain = *chains_.all()[index];
  const Trace& trace = chain.take_trace();
  if (trace.empty()) return;
  const SamplerPlan& plan = experiment_.samplers[static_cast<std::size_t>(chain.sampler())];
  // Members of an ensemble run one after another on the shared budget.
  const bool members = plan.traits.ensemble;
  const double offset = members ? static_cast<double>(chain.number() * plan.collection.steps) : 0.0;
  const double factor = members ? 1.0 : static_cast<double>(plan.chains);
  TraceAdded event;
  event.sampler = chain.sampler();
  event.chain = chain.number();
  event.thinned = trace.thinned;
  for (const TracePoint& point : trace.points) {
    const auto step = static_cast<double>(point.step);
    event.step.push_back(step);
    event.evaluation.push_back(offset + factor * step);
    event.potential.push_back(point.potential);
    event.collecting.push_back(point.collecting);
  }
  emit_(std::move(event));
}

void Monitor::emit_divergences() {
  for (std::size_t i = 0; i < chains_.all().size(); ++i) {
    if (reported_[i]) continue;
    if (const auto halted = chains_.all()[i]->halted()) {
      reported_[i] = true;
      emit_(LogMessage{0, "error",
                       fmt::format("Chain {} was cut short at step {}: {}.", halted->chain,
                                   halted->step, halted->reason)});
    }
    const std::optional<Divergence> divergence = chains_.all()[i]->divergence();
    if (!divergence) continue;
    reported_[i] = true;
    ChainDiverged event;
    event.sampler = chains_.all()[i]->sampler();
    event.chain = divergence->chain;
    event.step = divergence->step;
    event.reason = divergence->reason;
    emit_(std::move(event));
  }
}

void Monitor::emit_progress() {
  Progress progress;
  double cpu_left = 0.0;
  bool known = true;
  for (std::size_t s = 0; s < experiment_.samplers.size(); ++s) {
    const SamplerPlan& plan = experiment_.samplers[s];
    const ChainSums sums = sums_of(chains_.of(s));
    const auto budget = plan.chains * plan.collection.steps;
    progress.total += budget;
    progress.done += static_cast<std::int64_t>(sums.fraction * static_cast<double>(budget));
    progress.sampler_fraction.push_back(sums.fraction);
    known = known && sums.fraction > 0;
    if (sums.fraction > 0) cpu_left += sums.seconds * (1.0 - sums.fraction) / sums.fraction;
  }
  if (known) progress.seconds_left = cpu_left / workers_;
  emit_(std::move(progress));
}

/// Takes over the draws that came since the last time; starts again when a chain diverged, whose
/// draws no longer count.
void Monitor::update_report(int sampler) {
  Watched& watched = watched_[static_cast<std::size_t>(sampler)];
  const std::vector<Chain*>& chains = chains_.of(static_cast<std::size_t>(sampler));
  const std::size_t divergences = sums_of(chains).divergences;
  if (divergences != watched.divergences) {
    watched.report.clear();
    std::fill(watched.used.begin(), watched.used.end(), std::size_t{0});
    watched.divergences = divergences;
  }
  for (std::size_t c = 0; c < chains.size(); ++c) {
    for (const torch::Tensor& draw : chains[c]->draws(watched.used[c])) {
      watched.report.add_draw(draw);
      ++watched.used[c];
    }
  }
}

/// Draws were taken over as they came. In the end they count as in the result: the same ones, in
/// the order of their chains, whoever watched and however often.
void Monitor::settle_report(int sampler) {
  Watched& watched = watched_[static_cast<std::size_t>(sampler)];
  watched.report.clear();
  for (const UsableChain& usable : usable_chains(chains_.of(static_cast<std::size_t>(sampler)))) {
    for (const torch::Tensor& draw : usable.draws) watched.report.add_draw(draw);
  }
}

void Monitor::emit_sampler(int sampler, bool final_state) {
  const Watched& watched = watched_[static_cast<std::size_t>(sampler)];
  const std::int64_t draws = watched.report.draws();
  MetricsUpdated metrics;
  metrics.sampler = sampler;
  metrics.draws = draws;
  const bool is_reference = experiment_.samplers[static_cast<std::size_t>(sampler)].reference_only;
  metrics.metrics = watched.report.metrics(is_reference ? nullptr : reference_);
  if (!convergence_.empty()) {
    const SamplerConvergence& convergence = convergence_[static_cast<std::size_t>(sampler)];
    metrics.metrics.insert(convergence.measures.begin(), convergence.measures.end());
    metrics.reasons = convergence.undefined;
    metrics.convergence_remark = remark_on(convergence);
  }
  const ChainSums sums = sums_of(chains_.of(static_cast<std::size_t>(sampler)));
  metrics.gradient_evaluations = sums.gradient_evaluations;
  metrics.cpu_seconds = sums.seconds;
  metrics.status = sums.status(final_state ? "stopped" : "running");
  emit_(std::move(metrics));
  if (draws == 0) return;

  PredictiveUpdated predictive;
  predictive.sampler = sampler;
  predictive.draws = draws;
  predictive.band = watched.report.band();
  if (!predictive.band.mean.empty()) emit_(std::move(predictive));

  ReliabilityUpdated reliability = watched.report.reliability();
  reliability.sampler = sampler;
  reliability.points = experiment_.posterior.data->test.size();
  if (!reliability.predicted.empty()) emit_(std::move(reliability));

  if (draws < 2) return;
  DiversityUpdated diversity;
  diversity.sampler = sampler;
  diversity.draws = draws;
  diversity.pairwise_kld = watched.report.pairwise_kld();
  if (!diversity.pairwise_kld.empty()) emit_(std::move(diversity));
}

/// The last one, which may know more, is emitted by the run itself.
void Monitor::emit_curve(int sampler) {
  const auto s = static_cast<std::size_t>(sampler);
  const bool is_reference = experiment_.samplers[s].reference_only;
  GrowingCurve& curve = watched_[s].curve;
  if (curve.update(is_reference ? nullptr : reference_)) {
    emit_(CurveUpdated{0, sampler, curve.points()});
  }
}

/// Takes over the snapshots that came, as shared handles; a chain ends at one that is not finite.
void Monitor::update_snapshots() {
  for (std::size_t i = 0; i < chains_.all().size(); ++i) {
    Snapshots& known = snapshots_[i];
    if (known.ended) continue;
    for (torch::Tensor& snapshot : chains_.all()[i]->snapshots(known.positions.size())) {
      known.ended = !snapshot.isfinite().all().item<bool>();
      if (known.ended) break;
      known.positions.push_back(std::move(snapshot));
    }
  }
}

void Monitor::emit_trajectory() {
  update_snapshots();
  std::vector<const float*> points;
  TrajectoryUpdated event;
  for (std::size_t i = 0; i < chains_.all().size(); ++i) {
    TrajectoryPath path;
    path.sampler = chains_.all()[i]->sampler();
    path.chain = chains_.all()[i]->number();
    for (const torch::Tensor& position : snapshots_[i].positions) {
      points.push_back(position.data_ptr<float>());
    }
    path.x.resize(snapshots_[i].positions.size());
    if (!path.x.empty()) event.paths.push_back(std::move(path));
  }
  if (points.size() < 3 || points.size() == snapshots_seen_) return;
  snapshots_seen_ = points.size();
  const diagnostics::Plane plane =
      diagnostics::pca_plane(points, experiment_.posterior.layout.size());
  std::size_t next = 0;
  for (TrajectoryPath& path : event.paths) {
    const auto begin = static_cast<std::ptrdiff_t>(next);
    const auto end = begin + static_cast<std::ptrdiff_t>(path.x.size());
    path.x.assign(plane.x.begin() + begin, plane.x.begin() + end);
    path.y.assign(plane.y.begin() + begin, plane.y.begin() + end);
    path.off_plane.assign(plane.off_plane.begin() + begin, plane.off_plane.begin() + end);
    next += path.x.size();
  }
  event.explained[0] = plane.explained[0];
  event.explained[1] = plane.explained[1];
  emit_(std::move(event));
}

void Monitor::emit_derived(bool final_state) {
  for (std::size_t s = 0; s < watched_.size(); ++s) {
    const std::int64_t before = watched_[s].report.draws();
    update_report(static_cast<int>(s));
    if (final_state) settle_report(static_cast<int>(s));
    if (final_state || watched_[s].report.draws() != before || before == 0) {
      emit_sampler(static_cast<int>(s), final_state);
    }
    if (!final_state) emit_curve(static_cast<int>(s));
  }
  emit_trajectory();
}

}  // namespace ergo
