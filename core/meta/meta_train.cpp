// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "core/base/purpose.h"
#include "core/io/atomic_file.h"
#include "core/io/sha256.h"
#include "core/meta/meta.h"
#include "core/meta/meta_sections.h"
#include "core/meta/meta_state.h"
#include "core/meta/unroll.h"
#include "core/run/monitor.h"
#include "core/run/scheduler.h"
#include "core/samplers/l2e.h"

namespace ergo {
namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr double failed_loss = 20.0;  // nats that a diverged arm counts in the shown mean
constexpr double score_cap = 3.0;     // nats that one task may add to the score: a few tasks with a
                                      // wide gap would decide it otherwise
constexpr double smoothing = 0.95;

class MetaTraining {
 public:
  MetaTraining(const Preset& preset, const MetaOptions& options, Emitter& emit, RunControl& control)
      : sections_(meta_sections(preset)),
        options_(options),
        emit_(emit),
        control_(control),
        workers_(worker_count(options.workers, false)),
        seed_(options.seed > 0 ? options.seed : parse_seed(sections_.loop.seed, "seed")),
        preset_(preset.id),
        hash_(io::sha256_hex(sections_.identity + fmt::format("|{}", seed_))),
        state_(MetaParameters::count) {
    make_validation_tasks();
    if (options.resume.empty()) {
      state_.phi = initial_phi(sections_.es.initialisation,
                               purpose_key(seed_, Purpose::meta_initialisation));
      state_.best_phi = state_.phi;
    } else {
      state_ = load_meta_state(options.resume, hash_);
    }
  }

  MetaResult train() {
    const auto begin = Clock::now();
    if (std::isnan(state_.best_score)) validate();
    const std::int64_t first = state_.iteration;
    while (state_.iteration < sections_.loop.iterations && !control_.stopped()) {
      iterate();
      report_progress(first, begin);
    }
    save();
    MetaResult result;
    result.reason = control_.stopped() ? "stopped" : "completed";
    result.iterations = state_.iteration;
    result.best_score = state_.best_score;
    result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    result.phi_sha256 = io::sha256_hex({reinterpret_cast<const char*>(state_.best_phi.data()),
                                        state_.best_phi.size() * sizeof(float)});
    result.file = options_.out;
    return result;
  }

 private:
  MetaParameters parameters(const std::vector<float>& phi) const {
    MetaParameters p;
    p.set_flat(phi);
    const MetaDynamicsConfig& d = sections_.dynamics;
    p.step_multiplier = d.step_multiplier;
    p.noise_multiplier = d.noise_multiplier;
    p.friction = d.friction;
    p.alpha_multiplier = d.alpha_multiplier;
    p.beta_multiplier = d.beta_multiplier;
    p.noise_form = noise_form_from(d.noise_form, "dynamics.noise_form");
    return p;
  }

  double loss_of(const std::vector<float>& phi, const MetaTask& task, std::int64_t steps,
                 RngKey key) const {
    const MetaConfig& loop = sections_.loop;
    const auto burn_in =
        static_cast<std::int64_t>(static_cast<double>(steps) * loop.burn_in_fraction);
    const auto sampler =
        make_l2e(parameters(phi), {&task.posterior.network->layout(), steps, burn_in,
                                   task.posterior.data_count(), {}});
    return unroll(*sampler, task, {steps, burn_in, loop.draws}, key, control_);
  }

  std::int64_t unroll_length(RngKey key) const {
    const double low = static_cast<double>(sections_.loop.steps_min);
    const double high = static_cast<double>(sections_.loop.steps_max);
    return static_cast<std::int64_t>(low * std::exp(ScalarStream(key).uniform() * std::log(high / low)));
  }

  /// Both arms of a pair meet the same task, initial position and noise.
  std::vector<PairLoss> population_losses() const {
    const auto pairs = static_cast<std::size_t>(sections_.loop.pairs);
    std::vector<PairLoss> losses(pairs);
    parallel_for(2 * pairs, workers_, [&](std::size_t arm) {
      const std::size_t pair = arm / 2;
      const float sign = arm % 2 == 0 ? 1.0f : -1.0f;
      const RngKey key = purpose_key(seed_, Purpose::meta_task)
                             .fold_in(static_cast<std::uint64_t>(state_.iteration)).fold_in(pair);
      const MetaTask task = make_task(sections_.family, key);
      std::vector<float> phi = state_.phi;
      const std::vector<float> v =
          es_direction(purpose_key(seed_, Purpose::es_perturbation), state_.iteration,
                       static_cast<std::int64_t>(pair), phi.size());
      const float step = sign * static_cast<float>(sections_.es.sigma);
      for (std::size_t i = 0; i < phi.size(); ++i) phi[i] += step * v[i];
      const double loss = loss_of(phi, task, unroll_length(key.fold_in(7)), key.fold_in(8));
      (arm % 2 == 0 ? losses[pair].plus : losses[pair].minus) = loss;
    });
    return losses;
  }

  void iterate() {
    const std::vector<PairLoss> losses = population_losses();
    if (control_.stopped()) return;  // half a population is no gradient
    const MetaState before = state_;
    double norm = 0.0;
    const std::vector<double> gradient =
        es_gradient(purpose_key(seed_, Purpose::es_perturbation), state_.iteration, losses,
                    state_.phi.size(), sections_.es, &norm);
    if (sections_.es.reset_moments) state_.adam = Adam(state_.phi.size());
    state_.adam.update(state_.phi, gradient,
                       learning_rate_at(sections_.es, state_.iteration, sections_.loop.iterations));
    ++state_.iteration;
    double mean = 0.0;
    for (const PairLoss& loss : losses) {
      for (const double x : {loss.plus, loss.minus}) mean += std::isfinite(x) ? x : failed_loss;
    }
    mean /= 2.0 * static_cast<double>(losses.size());
    state_.average = smoothing * state_.average + (1.0 - smoothing) * mean;
    const bool validated = state_.iteration % sections_.loop.validate_every == 0 ||
                           state_.iteration == sections_.loop.iterations;
    const double score = validated ? validate() : undefined;
    if (validated && std::isnan(score)) {  // stopped meanwhile: a resumed training does it again
      state_ = before;
      return;
    }
    record(mean, score, norm);
    if (validated) save();
  }

  void record(double loss, double score, double norm) {
    MetaIteration event;
    event.iteration = state_.iteration;
    event.meta_loss = loss;
    event.smoothed =
        state_.average / (1.0 - std::pow(smoothing, static_cast<double>(state_.iteration)));
    event.best_score = state_.best_score;
    event.score = score;
    event.gradient_norm = norm;
    state_.log.insert(state_.log.end(), {static_cast<double>(event.iteration), loss, event.smoothed,
                                         score, norm});
    emit_(event);
  }

  void make_validation_tasks() {
    const RngKey key = purpose_key(seed_, Purpose::meta_task).fold_in(~std::uint64_t{0});
    for (std::int64_t i = 0; i < sections_.loop.validation_tasks; ++i) {
      tasks_.push_back(make_task(sections_.family, key.fold_in(static_cast<std::uint64_t>(i))));
    }
  }

  /// Mean excess NLL over the true function on the frozen tasks, each at most score_cap; NaN
  /// when stopped meanwhile.
  double validate() {
    std::vector<double> excess(tasks_.size());
    parallel_for(tasks_.size(), workers_, [&](std::size_t i) {
      const RngKey key = purpose_key(seed_, Purpose::meta_task).fold_in(~std::uint64_t{1}).fold_in(i);
      const double loss = loss_of(state_.phi, tasks_[i], sections_.loop.steps_max, key);
      excess[i] = std::min(score_cap, loss - tasks_[i].true_nll);
    });
    if (control_.stopped()) return undefined;  // some tasks were cut short
    double score = 0.0;
    for (const double x : excess) score += x / static_cast<double>(excess.size());
    if (!(score >= state_.best_score)) {  // also when there is none yet
      state_.best_score = score;
      state_.best_phi = state_.phi;
    }
    return score;
  }

  void save() const {
    MetaParameters best = parameters(state_.best_phi);
    best.metadata = {{"family", sections_.family.functions},
                     {"preset", preset_},
                     {"seed", fmt::format("{}", seed_)},
                     {"iterations", fmt::format("{}", state_.iteration)},
                     {"score", fmt::format("{}", state_.best_score)},
                     {"draws", fmt::format("{}", sections_.loop.draws)},
                     {"unroll_steps", fmt::format("{}-{}", sections_.loop.steps_min,
                                                  sections_.loop.steps_max)},
                     {"burn_in_fraction", fmt::format("{}", sections_.loop.burn_in_fraction)}};
    save_meta_parameters(options_.out, best);
    save_meta_state(fs::path(options_.out.string() + ".state.safetensors"), state_, hash_);
    io::write_file(options_.out.string() + ".log.csv", meta_log_csv(state_));
  }

  void report_progress(std::int64_t first, Clock::time_point begin) {
    Progress progress;
    progress.done = state_.iteration;
    progress.total = sections_.loop.iterations;
    const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
    if (state_.iteration > first) {
      progress.seconds_left = elapsed * static_cast<double>(progress.total - progress.done) /
                              static_cast<double>(state_.iteration - first);
    }
    emit_(std::move(progress));
  }

  MetaSections sections_;
  MetaOptions options_;
  Emitter& emit_;
  RunControl& control_;
  int workers_;
  std::uint64_t seed_;
  std::string preset_, hash_;
  MetaState state_;
  std::vector<MetaTask> tasks_;
};

void check_output(const MetaOptions& options) {
  std::error_code error;
  const bool replaces = fs::exists(options.out, error) && options.resume.empty() && !options.force;
  if (replaces) {
    throw Error(ExitCode::cannot_create, fmt::format("Output file '{}' exists; --force replaces "
                                                     "it.", options.out.string()));
  }
  const fs::path folder = options.out.has_parent_path() ? options.out.parent_path() : fs::path(".");
  if (options.out.empty() || !fs::is_directory(folder, error)) {
    throw Error(ExitCode::cannot_create, fmt::format("Output file '{}' needs an existing folder.",
                                                     options.out.string()));
  }
}

}  // namespace

MetaResult meta_train(const Preset& preset, const MetaOptions& options, const EventSink& sink,
                      RunControl& control) {
  check_output(options);
  Emitter emit(sink, options.run);
  MetaTraining training(preset, options, emit, control);
  MetaResult result = training.train();
  emit(RunFinished{0, result.reason, ""});
  return result;
}

nlohmann::json to_json(const MetaResult& result) {
  const nlohmann::json score =
      std::isfinite(result.best_score) ? nlohmann::json(result.best_score) : nlohmann::json(nullptr);
  return {{"reason", result.reason},   {"iterations", result.iterations}, {"best_score", score},
          {"seconds", result.seconds}, {"phi_sha256", result.phi_sha256}, {"file", result.file.string()}};
}

}  // namespace ergo
