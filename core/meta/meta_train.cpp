// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>

#include "core/base/device.h"
#include "core/base/parallel.h"
#include "core/base/purpose.h"
#include "core/distributed/peer_group.h"
#include "core/distributed/task_share.h"
#include "core/events/emitter.h"
#include "core/io/sha256.h"
#include "core/meta/meta.h"
#include "core/meta/meta_files.h"
#include "core/meta/meta_sections.h"
#include "core/meta/meta_state.h"
#include "core/meta/population_unroll.h"
#include "core/samplers/l2e.h"

namespace ergo {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double failed_loss = 20.0;   // nats that a diverged arm counts in the shown mean
constexpr std::int64_t hopeless = 10;  // iterations in which every arm failed
constexpr double score_cap = 3.0;  // nats that one task may add to the score: a few tasks with a
                                   // wide gap would decide it otherwise
constexpr double smoothing = 0.95;

SettingHash with_seed(SettingHash settings, std::uint64_t seed) {
  settings.add_text(fmt::format("{}", seed));
  return settings;
}

class MetaTraining {
 public:
  MetaTraining(const Preset& preset, const MetaOptions& options, Emitter& emit, RunControl& control)
      : sections_(meta_sections(preset)),
        options_(options),
        emit_(emit),
        control_(control),
        workers_(worker_count(options.workers, false)),
        device_(require_device(sections_.loop.device, "device")),
        seed_(options.seed > 0 ? options.seed : parse_seed(sections_.loop.seed, "seed")),
        preset_(preset.id),
        settings_(with_seed(sections_.settings, seed_)),
        files_(options, settings_),
        state_(MetaParameters::count) {
    check_division();
    make_validation_tasks();
    if (options.resume.empty()) {
      state_.phi = initial_phi(sections_.es.initialisation,
                               purpose_key(seed_, Purpose::meta_initialisation));
      state_.best_phi = state_.mean_phi = state_.phi;
    } else {
      state_ = load_meta_state(options.resume, settings_);
    }
    share_ = options.distributed.on() ? make_peer_share(options.distributed, facts(), control_)
                                      : make_local_share(control_);
  }

  /// Every loop around a shared call ends by its answer, never by a look at the control: a stop
  /// reaches the processes at different times, but they must make the same calls.
  MetaResult train() {
    const auto begin = Clock::now();
    const std::int64_t first = state_.iteration;
    try {
      share_->commit([this] { files_.begin(); });
      if (std::isnan(state_.best_score)) validate();
      while (state_.iteration < sections_.loop.iterations && iterate())
        report_progress(first, begin);
      checkpoint();
    } catch (const GroupLost& error) {
      keep_state(error);
    } catch (const Error& error) {
      if (error.code() == ExitCode::temporary) throw;
      // Work failed, as for want of memory: the state is the one before it.
      const bool worth_keeping = state_.iteration > first && error.code() == ExitCode::internal;
      if (worth_keeping && share_->lowest()) save();
      share_->finish();
      throw;
    }
    MetaResult done = result(std::chrono::duration<double>(Clock::now() - begin).count());
    tell(RunFinished{0, done.reason, "", {}});
    share_->finish();
    return done;
  }

 private:
  void check_division() const {
    const int processes = options_.distributed.on() ? options_.distributed.processes : 1;
    if (processes < 1 || sections_.loop.pairs % processes == 0) return;
    throw Error(ExitCode::config, fmt::format("Field 'pairs' is {}, but must be a multiple of the "
                                              "{} processes.",
                                              sections_.loop.pairs, processes));
  }

  /// What decides the numbers, as far as it can differ between the processes of a job.
  std::vector<Fact> facts() const {
    const auto digits = [](const std::string& hash) { return hash.substr(0, 12); };
    std::vector<Fact> facts = program_facts();
    facts.push_back(
        {"preset", fmt::format("'{}' ({})", preset_, digits(sections_.settings.hex()))});
    facts.push_back({"seed", fmt::format("{}", seed_)});
    facts.push_back({"start", fmt::format("iteration {} ({})", state_.iteration,
                                          digits(phi_sha256(state_.phi)))});
    return facts;
  }

  static std::string phi_sha256(const std::vector<float>& phi) {
    return io::sha256_hex({reinterpret_cast<const char*>(phi.data()), phi.size() * sizeof(float)});
  }

  MetaResult result(double seconds) const {
    MetaResult result;
    result.reason = state_.iteration < sections_.loop.iterations ? "stopped" : "completed";
    result.iterations = state_.iteration;
    result.best_score = state_.best_score;
    result.seconds = seconds;
    result.phi_sha256 = phi_sha256(state_.best_phi);
    result.file = options_.out;
    result.unsaved = unsaved_;
    result.speaks = share_->lowest();
    return result;
  }

  /// The state before the shared call that failed: a resumed training does it again.
  [[noreturn]] void keep_state(const GroupLost& error) {
    if (!share_->lowest()) throw error;
    if (!files_.are_ahead_of(state_.iteration)) save();
    throw GroupLost(
        fmt::format("{} The training is kept in '{}'.", error.what(), files_.state().string()));
  }

  template <class Event>
  void tell(Event event) {
    if (share_->lowest()) emit_(std::move(event));
  }

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

  Arm arm_of(const std::vector<float>& phi, std::shared_ptr<const MetaTask> task,
             std::int64_t steps, RngKey key) const {
    const MetaConfig& loop = sections_.loop;
    const auto burn_in =
        static_cast<std::int64_t>(static_cast<double>(steps) * loop.burn_in_fraction);
    return {std::move(task), parameters(phi), {steps, burn_in, loop.draws}, key};
  }

  /// Losses of make(i) for i < count: one by one on the workers, or together on the device.
  std::optional<std::vector<double>> losses(std::size_t count,
                                            const std::function<Arm(std::size_t)>& make) const {
    return share_->values(count, [&](const std::vector<std::size_t>& part) {
      if (device_ == "cpu") return losses_on_workers(part, make);
      options_.distributed.enter("unroll");
      std::vector<Arm> arms;
      for (const std::size_t i : part) arms.push_back(make(i));
      return unroll_population(arms, torch::Device(device_), control_);
    });
  }

  std::vector<double> losses_on_workers(const std::vector<std::size_t>& part,
                                        const std::function<Arm(std::size_t)>& make) const {
    std::vector<double> losses(part.size());
    parallel_for(part.size(), workers_, [&](std::size_t j) {
      options_.distributed.enter("unroll");
      losses[j] = unroll(make(part[j]), control_);
    });
    return losses;
  }

  std::int64_t unroll_length(RngKey key) const {
    const double low = static_cast<double>(sections_.loop.steps_min);
    const double high = static_cast<double>(sections_.loop.steps_max);
    return static_cast<std::int64_t>(low *
                                     std::exp(ScalarStream(key).uniform() * std::log(high / low)));
  }

  /// Both arms of a pair meet the same task, initial position and noise.
  Arm population_arm(std::size_t arm) const {
    const std::size_t pair = arm / 2;
    const float sign = arm % 2 == 0 ? 1.0f : -1.0f;
    const RngKey key = purpose_key(seed_, Purpose::meta_task)
                           .fold_in(static_cast<std::uint64_t>(state_.iteration))
                           .fold_in(pair);
    std::vector<float> phi = state_.phi;
    const std::vector<float> v =
        es_direction(purpose_key(seed_, Purpose::es_perturbation), state_.iteration,
                     static_cast<std::int64_t>(pair), phi.size());
    const float step = sign * static_cast<float>(sections_.es.sigma);
    for (std::size_t i = 0; i < phi.size(); ++i) phi[i] += step * v[i];
    return arm_of(phi, std::make_shared<const MetaTask>(make_task(sections_.family, key)),
                  unroll_length(key.fold_in(7)), key.fold_in(8));
  }

  /// Nothing when stopped meanwhile: half a population is no gradient.
  std::optional<std::vector<PairLoss>> population_losses() {
    const auto pairs = static_cast<std::size_t>(sections_.loop.pairs);
    const auto arms = losses(2 * pairs, [this](std::size_t arm) { return population_arm(arm); });
    if (!arms) return std::nullopt;
    std::vector<PairLoss> both(pairs);
    for (std::size_t p = 0; p < pairs; ++p) both[p] = {(*arms)[2 * p], (*arms)[2 * p + 1]};
    return both;
  }

  /// One outer iteration. @return false when stopped meanwhile; the state is as before then, and
  /// also when it throws.
  bool iterate() {
    const auto losses = population_losses();
    if (!losses) return false;
    const MetaState before = state_;
    try {
      if (advance(*losses)) return true;
    } catch (...) {
      state_ = before;
      throw;
    }
    state_ = before;
    return false;
  }

  /// Moves phi; false when the validation was stopped.
  bool advance(const std::vector<PairLoss>& losses) {
    options_.distributed.enter("update");
    double norm = 0.0;
    const std::vector<double> gradient =
        es_gradient(purpose_key(seed_, Purpose::es_perturbation), state_.iteration, losses,
                    state_.phi.size(), sections_.es, &norm);
    if (sections_.es.reset_moments) state_.adam = Adam(state_.phi.size());
    state_.adam.update(state_.phi, gradient,
                       learning_rate_at(sections_.es, state_.iteration, sections_.loop.iterations));
    ++state_.iteration;
    average_phi();
    double mean = 0.0;
    for (const PairLoss& loss : losses) {
      for (const double x : {loss.plus, loss.minus}) mean += std::isfinite(x) ? x : failed_loss;
    }
    mean /= 2.0 * static_cast<double>(losses.size());
    state_.average = smoothing * state_.average + (1.0 - smoothing) * mean;
    const bool validated = state_.iteration % sections_.loop.validate_every == 0 ||
                           state_.iteration == sections_.loop.iterations;
    const double score = validated ? validate() : undefined;
    if (validated && std::isnan(score)) return false;
    record(mean, score, norm);
    require_a_living_arm();
    if (validated) checkpoint();
    return true;
  }

  /// A training in which every arm fails learns nothing: its gradient is 0.
  void require_a_living_arm() const {
    std::int64_t failed = 0;
    while (failed < state_.iteration && row_failed(state_.iteration - 1 - failed)) ++failed;
    const bool all = failed == state_.iteration && failed == sections_.loop.iterations;
    if (!all && failed < hopeless) return;
    throw Error(
        ExitCode::internal,
        fmt::format("Every chain of the last {} iterations diverged, so nothing is learned; "
                    "lower dynamics.step_multiplier or es.sigma.",
                    failed));
  }

  bool row_failed(std::int64_t row) const {
    return state_.log[static_cast<std::size_t>(row) * meta_log_columns + 1] == failed_loss;
  }

  /// phi wanders about its mean by the noise of the gradient; the mean is what is scored and kept.
  void average_phi() {
    const auto keep = static_cast<float>(sections_.es.averaging);
    for (std::size_t i = 0; i < state_.phi.size(); ++i) {
      state_.mean_phi[i] = keep * state_.mean_phi[i] + (1.0f - keep) * state_.phi[i];
    }
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
    state_.log.insert(state_.log.end(),
                      {static_cast<double>(event.iteration), loss, event.smoothed, score, norm});
    tell(event);
  }

  void make_validation_tasks() {
    const RngKey key = purpose_key(seed_, Purpose::meta_task).fold_in(~std::uint64_t{0});
    for (std::int64_t i = 0; i < sections_.loop.validation_tasks; ++i) {
      tasks_.push_back(std::make_shared<const MetaTask>(
          make_task(sections_.family, key.fold_in(static_cast<std::uint64_t>(i)))));
    }
  }

  /// Mean excess NLL over the true function on the frozen tasks, each at most score_cap; NaN
  /// when stopped meanwhile.
  double validate() {
    const auto reached = losses(tasks_.size(), [this](std::size_t i) {
      const RngKey key =
          purpose_key(seed_, Purpose::meta_task).fold_in(~std::uint64_t{1}).fold_in(i);
      return arm_of(state_.mean_phi, tasks_[i], sections_.loop.steps_max, key);
    });
    if (!reached) return undefined;
    double score = 0.0;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      const double excess = std::min(score_cap, (*reached)[i] - tasks_[i]->true_nll);
      score += excess / static_cast<double>(tasks_.size());
    }
    if (!(score >= state_.best_score)) {  // also when there is none yet
      state_.best_score = score;
      state_.best_phi = state_.mean_phi;
    }
    return score;
  }

  /// A full disk does not end a training: the next checkpoint tries again.
  void checkpoint() {
    try {
      share_->commit([this] { save(); });
      unsaved_.reset();
    } catch (const Error& error) {
      if (error.code() != ExitCode::io && error.code() != ExitCode::cannot_create) throw;
      unsaved_ = error;
      tell(LogMessage{0, "warning", std::string("The checkpoint failed: ") + error.what()});
    }
  }

  void save() { files_.save(state_, best_parameters()); }

  MetaParameters best_parameters() const {
    MetaParameters best = parameters(state_.best_phi);
    best.metadata = {
        {"family", sections_.family.functions},
        {"preset", preset_},
        {"seed", fmt::format("{}", seed_)},
        {"iterations", fmt::format("{}", state_.iteration)},
        {"score", fmt::format("{}", state_.best_score)},
        {"draws", fmt::format("{}", sections_.loop.draws)},
        {"unroll_steps", fmt::format("{}-{}", sections_.loop.steps_min, sections_.loop.steps_max)},
        {"burn_in_fraction", fmt::format("{}", sections_.loop.burn_in_fraction)}};
    return best;
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
    tell(std::move(progress));
  }

  MetaSections sections_;
  MetaOptions options_;
  Emitter& emit_;
  RunControl& control_;
  int workers_;
  std::string device_;
  std::uint64_t seed_;
  std::string preset_;
  SettingHash settings_;  ///< with the seed
  MetaFiles files_;
  MetaState state_;
  std::vector<std::shared_ptr<const MetaTask>> tasks_;
  std::unique_ptr<TaskShare> share_;
  std::optional<Error> unsaved_;  ///< why the last checkpoint failed
};

}  // namespace

MetaResult meta_train(const Preset& preset, const MetaOptions& options, const EventSink& sink,
                      RunControl& control) {
  Emitter emit(sink, options.run);
  MetaTraining training(preset, options, emit, control);
  return training.train();
}

nlohmann::json to_json(const MetaResult& result) {
  const nlohmann::json score = std::isfinite(result.best_score) ? nlohmann::json(result.best_score)
                                                                : nlohmann::json(nullptr);
  return {{"reason", result.reason},
          {"iterations", result.iterations},
          {"best_score", score},
          {"seconds", result.seconds},
          {"phi_sha256", result.phi_sha256},
          {"file", result.file.string()}};
}

}  // namespace ergo
