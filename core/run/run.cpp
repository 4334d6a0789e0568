// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/run.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>

#include "core/base/device.h"
#include "core/base/parallel.h"
#include "core/base/torch.h"
#include "core/config/find_file.h"
#include "core/io/sha256.h"
#include "core/measures/measures.h"
#include "core/run/chain_group.h"
#include "core/run/chains.h"
#include "core/run/checkpointer.h"
#include "core/run/curve.h"
#include "core/run/diagnose.h"
#include "core/run/experiment.h"
#include "core/run/manifest.h"
#include "core/run/monitor.h"
#include "core/run/predictions_file.h"
#include "core/run/reference.h"
#include "core/run/report.h"
#include "core/run/resumption.h"
#include "core/run/run_job.h"
#include "core/run/scheduler.h"
#include "core/run/shared_chains.h"
#include "core/run/usable_chains.h"

namespace ergo {
namespace {

using Groups = std::vector<std::unique_ptr<ChainGroup>>;

constexpr std::int64_t reference_draws_per_chain = 125;

/// On the CPU every chain moves alone; on a device those of a sampler move together.
std::int64_t chains_per_group(const Experiment& experiment, const SamplerPlan& plan) {
  return experiment.config.device != "cpu" && plan.sampler->moves_many() ? plan.chains : 1;
}

Groups make_groups(const Experiment& experiment, const Chains& chains, std::uint64_t seed) {
  torch::Tensor given;
  if (!experiment.config.initial_positions.empty()) {
    given = load_positions(
        require_file("initial_positions", experiment.config.initial_positions, experiment.folders),
        experiment.posterior.layout, experiment.dtype);
  }
  Groups groups;
  auto next = chains.all().begin();
  for (const SamplerPlan& plan : experiment.samplers) {
    if (given.defined() && given.size(0) < plan.chains) {
      throw Error(ExitCode::data, fmt::format("{}: holds {} chains, but sampler '{}' has {}.",
                                              experiment.config.initial_positions, given.size(0),
                                              plan.id, plan.chains));
    }
    const std::int64_t size = chains_per_group(experiment, plan);
    for (std::int64_t c = 0; c < plan.chains; c += size) {
      std::vector<Chain*> rows;
      for (std::int64_t k = 0; k < size; ++k) rows.push_back(*next++);
      groups.push_back(std::make_unique<ChainGroup>(
          experiment, plan, std::move(rows), seed,
          given.defined() ? given.slice(0, c, c + size) : torch::Tensor()));
    }
  }
  return groups;
}

/// The stored reference when it fits; a warning, not a failure, when it does not.
std::optional<Reference> stored_reference(const Experiment& experiment,
                                          std::vector<std::string>& warnings) {
  if (experiment.config.reference != "stored") return std::nullopt;
  const auto file = find_file(experiment.config.reference_file, experiment.folders);
  if (experiment.config.reference_file.empty() || !std::filesystem::exists(file)) {
    warnings.push_back(
        fmt::format("No reference: file '{}' does not exist; --set "
                    "reference=recompute makes it.",
                    experiment.config.reference_file));
    return std::nullopt;
  }
  Reference reference = load_reference(file);
  if (!experiment.reference_settings.matches(reference.metadata["hash"]) ||
      !reference.fits(*experiment.posterior.data)) {
    warnings.push_back(
        fmt::format("No reference: '{}' was made for another model, data or prior; "
                    "--set reference=recompute makes it anew.",
                    experiment.config.reference_file));
    return std::nullopt;
  }
  return reference;
}

void add_chain(Reference& reference, const Report& report) {
  const PooledPredictive chain = report.pooled();
  reference.classes = chain.classes;
  if (chain.classes > 0)
    reference.points = static_cast<std::int64_t>(chain.probability.size()) / chain.classes;
  reference.grid = chain.grid;
  reference.f.insert(reference.f.end(), chain.f.begin(), chain.f.end());
  reference.probability.insert(reference.probability.end(), chain.probability.begin(),
                               chain.probability.end());
  reference.draws = report.draws();
  ++reference.chains;
}

Reference make_reference(const Experiment& experiment, const std::vector<Chain*>& chains,
                         std::uint64_t seed) {
  Reference reference;
  double acceptance = 0.0, step_size = 0.0;
  for (const UsableChain& usable : usable_chains(chains)) {
    Report report(experiment.posterior);
    for (const torch::Tensor& draw : usable.draws) report.add_draw(draw);
    add_chain(reference, report);
    acceptance += usable.chain->info()["acceptance"];
    step_size += usable.chain->info()["step_size"];
  }
  if (reference.empty()) return reference;
  const auto count = static_cast<double>(reference.chains);
  reference.metadata = {{"hash", experiment.reference_settings.hex()},
                        {"seed", fmt::format("{}", seed)},
                        {"acceptance", fmt::format("{}", acceptance / count)},
                        {"step_size", fmt::format("{}", step_size / count)},
                        {"draws_per_chain", fmt::format("{}", reference.draws)}};
  if (reference.classes > 0) return reference;
  const double rhat = worst_rhat(reference);
  if (std::isfinite(rhat)) reference.metadata["rhat_max"] = fmt::format("{}", rhat);
  return thinned(reference, reference_draws_per_chain);
}

/// [draws][chains][params] of T.
template <class T>
std::shared_ptr<const std::vector<T>> pack(const std::vector<UsableChain>& chains) {
  auto packed = std::make_shared<std::vector<T>>();
  const std::size_t count = chains.empty() ? 0 : chains.front().draws.size();
  for (std::size_t d = 0; d < count; ++d) {
    for (const UsableChain& usable : chains) {
      const torch::Tensor values = usable.draws[d].to(torch::CppTypeToScalarType<T>()).contiguous();
      packed->insert(packed->end(), values.data_ptr<T>(), values.data_ptr<T>() + values.numel());
    }
  }
  return packed;
}

SamplerResult collect(const Experiment& experiment, const SamplerPlan& plan,
                      const std::vector<Chain*>& chains, const Reference* reference,
                      SamplerConvergence convergence, PooledPredictive& pooled) {
  SamplerResult result;
  result.convergence = std::move(convergence);
  result.id = plan.id;
  result.label = plan.label;
  result.config = plan.section;
  result.chains = plan.chains;
  result.burn_in = plan.collection.burn_in;
  result.thin = plan.collection.thin;
  const ChainSums sums = sums_of(chains);
  result.gradient_evaluations = sums.gradient_evaluations;
  result.seconds = sums.seconds;
  result.status = sums.status("stopped");
  for (const Chain* chain : chains) {
    if (auto halted = chain->halted()) result.halts.push_back(*halted);
    if (auto divergence = chain->divergence()) result.divergences.push_back(*divergence);
    for (const auto& [name, value] : chain->info()) {
      result.info[name] += value / static_cast<double>(chains.size());
    }
  }
  const bool full = experiment.config.batch_size == 0 || plan.sampler->needs_full_batch();
  result.data_points = result.gradient_evaluations *
                       (full ? experiment.posterior.data_count() : experiment.config.batch_size);
  const std::vector<UsableChain> usable = usable_chains(chains);
  Report report(experiment.posterior);
  for (const UsableChain& chain : usable) {
    for (const torch::Tensor& draw : chain.draws) report.add_draw(draw);
  }
  result.draws = report.draws();
  result.drawing_chains = static_cast<std::int64_t>(usable.size());
  result.draws_per_chain =
      usable.empty() ? 0 : static_cast<std::int64_t>(usable.front().draws.size());
  result.metrics = report.metrics(plan.reference_only ? nullptr : reference);
  result.metrics.insert(result.convergence.measures.begin(), result.convergence.measures.end());
  result.band = report.band();
  pooled = report.pooled();
  if (experiment.config.save_predictions) {
    result.predictions = std::make_shared<const Predictions>(report.predictions());
  }
  result.positions = pack<float>(usable);
  if (experiment.dtype == torch::kDouble) result.positions_f64 = pack<double>(usable);
  result.draws_sha256 = io::sha256_hex({reinterpret_cast<const char*>(result.positions->data()),
                                        result.positions->size() * sizeof(float)});
  return result;
}

/// Null when the network sees the data as they are.
nlohmann::json standardisation_of(const Dataset& data) {
  const Standardisation& s = data.standardisation;
  const Standardisation none;
  if (s.x_mean.empty() && s.y_mean == none.y_mean && s.y_sd == none.y_sd) return nullptr;
  const auto number_or_list = [](const std::vector<double>& values) {
    return values.size() == 1 ? nlohmann::json(values[0]) : nlohmann::json(values);
  };
  return {{"x_mean", s.x_mean},
          {"x_sd", s.x_sd},
          {"y_mean", number_or_list(s.y_mean)},
          {"y_sd", number_or_list(s.y_sd)}};
}

RunStarted started_event(const Experiment& experiment, const Preset& preset, std::uint64_t seed,
                         const std::optional<Reference>& reference) {
  const Dataset& data = *experiment.posterior.data;
  RunStarted event;
  event.preset = preset.id;
  event.title = preset.title();
  event.seed = seed;
  event.task = experiment.posterior.density ? "density" : to_string(data.task);
  event.gradient_evaluations = experiment.config.gradient_evaluations;
  event.resolved_preset = resolved_document(preset).dump();
  event.versions = make_versions(experiment).dump();
  for (const SamplerPlan& plan : experiment.samplers) {
    event.samplers.push_back({plan.id, plan.label, plan.chains, plan.chains * plan.collection.draws,
                              plan.traits.learned});
  }
  event.curve = data.curve;
  if (reference) event.reference = reference->band();
  event.class_names = data.class_names;
  return event;
}

void note_not_finite(RunResult& result) {
  for (const SamplerResult& sampler : result.samplers) {
    for (const Divergence& d : sampler.divergences) {
      result.warnings.push_back(fmt::format("{}: chain {} stopped at step {}: {}.", sampler.id,
                                            d.chain, d.step, d.reason));
    }
    for (const Divergence& d : sampler.halts) {
      result.warnings.push_back(
          fmt::format("{}: chain {} was cut short at step {}: {}; what it had "
                      "collected is kept.",
                      sampler.id, d.chain, d.step, d.reason));
    }
    for (const auto& [name, value] : sampler.metrics) {
      if (std::isfinite(value) || sampler.convergence.undefined.contains(name)) continue;
      result.warnings.push_back(
          fmt::format("{}: {} is undefined: {}.", sampler.id, name,
                      why_undefined(name, {sampler.draws, sampler.status == "diverged"}, true)));
    }
  }
}

std::string reason_of(const RunResult& result, const RunControl& control) {
  if (result.all_diverged()) return "diverged";
  const bool cut = std::any_of(result.samplers.begin(), result.samplers.end(),
                               [](const SamplerResult& s) { return s.status == "stopped"; });
  return cut && (control.stopped() || result.cut_short()) ? "stopped" : "completed";
}

/// Everything that can be refused, before the first event.
struct Prepared {
  Experiment experiment;
  int workers;                  ///< of this process
  nlohmann::json files_sha256;  ///< before anybody can change them
  std::vector<std::string> warnings;
  std::optional<Reference> reference;
  Chains chains;
  Groups groups;
  Resumption resumption;

  Prepared(const Preset& preset, const RunOptions& options)
      : experiment(make_experiment(preset)),
        // One thread feeds a device: more would only queue behind each other.
        workers(experiment.config.device == "cpu" ? worker_count(options.workers, options.live)
                                                  : 1),
        files_sha256(file_hashes(preset)),
        warnings(experiment.remarks.warnings),
        reference(stored_reference(experiment, warnings)),
        chains(experiment),
        groups(make_groups(experiment, chains, options.seed)) {
    if (!options.checkpoints) return;
    resumption = resume(*options.checkpoints, experiment, all_groups(), facts());
    warnings.insert(warnings.end(), resumption.warnings.begin(), resumption.warnings.end());
  }

  std::vector<ChainGroup*> all_groups() const {
    std::vector<ChainGroup*> all;
    for (const auto& group : groups) all.push_back(group.get());
    return all;
  }

  /// What a run that goes on must have in common with the one that was interrupted.
  nlohmann::json facts() const {
    return {{"versions", make_versions(experiment)}, {"files_sha256", files_sha256}};
  }

  void move(TaskShare* share, RunControl& control, Checkpointer* checkpointer) const {
    if (share) {
      return move_together(*share, experiment, all_groups(), workers, control, checkpointer);
    }
    Scheduler scheduler(all_groups(), static_cast<int>(experiment.samplers.size()), control);
    if (checkpointer) checkpointer->start(scheduler);
    scheduler.run(workers);
    if (checkpointer) checkpointer->finish();
  }
};

/// How far all chains are together, 0 to 1.
double fraction_of(const Chains& chains) {
  double sum = 0.0;
  for (const Chain* chain : chains.all()) sum += chain->fraction();
  return sum / static_cast<double>(chains.all().size());
}

/// The sink, silent in all processes of a job but rank 0.
EventSink speaking(const EventSink& sink, const TaskShare* share) {
  if (!sink || !share) return sink;
  return [sink, share](const RunEvent& event) {
    if (share->lowest()) sink(event);
  };
}

}  // namespace

bool RunResult::all_diverged() const {
  return !samplers.empty() &&
         std::all_of(samplers.begin(), samplers.end(),
                     [](const SamplerResult& s) { return s.status == "diverged"; });
}

bool RunResult::cut_short() const {
  return std::any_of(samplers.begin(), samplers.end(),
                     [](const SamplerResult& s) { return !s.halts.empty(); });
}

bool RunResult::has_convergence() const {
  return std::any_of(samplers.begin(), samplers.end(),
                     [](const SamplerResult& s) { return s.convergence.asked; });
}

RunResult run(const Preset& preset, const RunOptions& options, const EventSink& sink,
              RunControl& control) {
  const auto begin = std::chrono::steady_clock::now();
  const torch::NoGradGuard no_grad;
  std::unique_ptr<Prepared> prepared;
  const auto prepare = [&] { prepared = std::make_unique<Prepared>(preset, options); };
  options.share ? options.share->together(prepare) : prepare();
  const Experiment& experiment = prepared->experiment;
  const Chains& chains = prepared->chains;
  std::optional<Reference>& reference = prepared->reference;
  RunResult result;
  result.warnings = prepared->warnings;
  result.notes = experiment.remarks.notes;

  Emitter emit(speaking(sink, options.share), options.run);
  emit(started_event(experiment, preset, options.seed, reference));
  for (const std::string& note : result.notes) emit(LogMessage{0, "info", note});
  for (const std::string& warning : result.warnings) emit(LogMessage{0, "warning", warning});
  if (prepared->resumption.resumed > 0) {
    emit(LogMessage{
        0, "info",
        fmt::format("Goes on after {:.1f} % of the transitions.", 100.0 * fraction_of(chains))});
  }
  if (experiment.config.device != "cpu") {
    emit(LogMessage{0, "info",
                    fmt::format("Device {}: {}.", experiment.config.device,
                                describe(with_free_memory(experiment.config.device)))});
  }
  const int processes = options.share ? options.share->processes() : 1;
  Monitor monitor(experiment, chains, reference ? &*reference : nullptr, emit,
                  prepared->workers * processes, options.live);
  monitor.start();
  std::optional<Checkpointer> checkpointer;
  if (options.checkpoints) {
    checkpointer.emplace(*options.checkpoints, experiment, prepared->all_groups(),
                         prepared->resumption, prepared->facts(), emit);
  }
  prepared->move(options.share, control, checkpointer ? &*checkpointer : nullptr);

  for (std::size_t s = 0; s < experiment.samplers.size(); ++s) {
    if (!experiment.samplers[s].reference_only) continue;
    reference = make_reference(experiment, chains.of(s), options.seed);
    if (reference->empty()) reference.reset();
  }
  std::vector<SamplerConvergence> convergence;
  for (std::size_t s = 0; s < experiment.samplers.size(); ++s) {
    convergence.push_back(
        diagnose(experiment, experiment.samplers[s], chains.of(s), prepared->workers));
  }
  monitor.set_reference(reference ? &*reference : nullptr);
  monitor.set_convergence(convergence);
  monitor.finish();
  result.preset = preset.id;
  result.seed = options.seed;
  result.device = experiment.config.device;
  result.dtype = experiment.config.dtype;
  result.parameters = experiment.posterior.layout.size();
  result.layout = experiment.posterior.layout.blocks();
  result.data_points = experiment.posterior.data_count();
  result.curve = experiment.posterior.data->curve;
  std::vector<std::string> ids;
  std::vector<PooledPredictive> pooled(experiment.samplers.size());
  for (std::size_t s = 0; s < experiment.samplers.size(); ++s) {
    ids.push_back(experiment.samplers[s].id);
    result.samplers.push_back(collect(experiment, experiment.samplers[s], chains.of(s),
                                      reference ? &*reference : nullptr, std::move(convergence[s]),
                                      pooled[s]));
    result.samplers.back().curve = curve_of(experiment, experiment.samplers[s], chains.of(s),
                                            reference ? &*reference : nullptr, prepared->workers);
    if (!result.samplers.back().curve.empty()) {
      emit(CurveUpdated{0, static_cast<int>(s), result.samplers.back().curve});
    }
  }
  result.agreement = pairwise_agreement(ids, pooled);
  if (reference) {
    result.reference = reference->band();
    result.reference_draws = std::make_shared<const Reference>(*reference);
  }
  if (experiment.config.save_predictions && experiment.posterior.data) {
    result.test = test_points(*experiment.posterior.data);
  }
  note_not_finite(result);
  result.standardisation = standardisation_of(*experiment.posterior.data);
  result.resolved_preset = resolved_document(preset);
  result.manifest = make_manifest(
      experiment, {options.seed, prepared->files_sha256, prepared->workers, processes});
  if (checkpointer) {
    result.manifest["resumed"] = prepared->resumption.resumed;
    result.manifest["checkpoints"] = checkpointer->cost();
  }
  result.reason = reason_of(result, control);
  result.wall_seconds =
      prepared->resumption.wall_seconds +
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  RunFinished finished{0, result.reason, "", {}};
  for (const SamplerResult& s : result.samplers) finished.draws_sha256.push_back(s.draws_sha256);
  emit(std::move(finished));
  return result;
}

}  // namespace ergo
