// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>

#include "core/base/purpose.h"
#include "core/events/emitter.h"
#include "core/io/sha256.h"
#include "core/meta/families.h"
#include "core/meta/image_family.h"
#include "core/meta/meta.h"
#include "core/meta/meta_files.h"
#include "core/meta/scores.h"
#include "core/meta/shared_numbers.h"
#include "core/meta/trainer.h"
#include "core/meta/training_notes.h"
#include "core/registry/learned.h"

namespace ergo {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t hopeless = 10;  // iterations in which every unroll failed
constexpr double smoothing = 0.95;

SettingHash with_seed(SettingHash settings, std::uint64_t seed) {
  settings.add_text(fmt::format("{}", seed));
  return settings;
}

std::unique_ptr<TaskFamily> make_family(const MetaSections& sections) {
  return sections.loop.tasks == "images"
             ? make_image_family(sections.images, "images", sections.folders)
             : make_regression_family(sections.family);
}

/// Undefined where it was not due.
struct Validation {
  Score family, transfer;
};

class MetaTraining {
 public:
  MetaTraining(const Preset& preset, const MetaOptions& options, Emitter& emit, RunControl& control)
      : options_(options),
        emit_(emit),
        control_(control),
        sections_(meta_sections(preset)),
        row_(learned_sampler_row(sections_.loop.sampler)),
        place_(sections_.loop.device, options.workers, options_.distributed, control),
        training_{sections_, row_.make(sections_.dynamics), make_family(sections_),
                  seed_of(options, sections_), place_},
        trainer_(make_trainer(training_)),
        preset_(preset.id),
        settings_(with_seed(sections_.settings, training_.seed)),
        files_(options, settings_),
        state_(start()) {
    check_division();
    make_frozen_tasks();
    share_ = options.distributed.on() ? make_peer_share(options.distributed, facts(), control_)
                                      : make_local_share(control_);
  }

  /// Every loop around a shared call ends by its answer, never by a look at the control: a stop
  /// reaches the processes at different times, but they must make the same calls.
  MetaResult train() {
    const auto begin = Clock::now();
    try {
      share_->commit([this] { files_.begin(); });
      resume();
      const std::int64_t first = state_.iteration;
      if (state_.iteration == 0 && state_.scores.empty()) validate();
      while (state_.iteration < sections_.loop.iterations && iterate())
        report_progress(first, begin);
      checkpoint();
    } catch (const PeerLost& error) {
      keep_state(error);
    } catch (const Error& error) {
      // Work failed, as for want of memory: the state is the one before it.
      const bool worth_keeping = state_.iteration > saved_ && error.code() == ExitCode::internal;
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
  static std::uint64_t seed_of(const MetaOptions& options, const MetaSections& sections) {
    return options.seed > 0 ? options.seed : parse_seed(sections.loop.seed, "seed");
  }

  /// From what rank 0 finds, whatever the others see of its files.
  void resume() {
    const std::string bytes = told_by_first(*share_, [this] { return files_.stored_state(); });
    if (bytes.empty()) return;
    state_ = read_meta_state(bytes, options_.resume.string(), settings_, state_);
    saved_ = state_.iteration;
  }

  /// Before the first iteration.
  MetaState start() const {
    MetaState state;
    state.phi = options_.start.empty() ? initialised() : loaded();
    state.best_phi = state.mean_phi = state.phi;
    state.trainer = trainer_->start();
    return state;
  }

  std::vector<float> initialised() const {
    return training_.sampler->initial(sections_.trainer.at("initialisation").get<std::string>(),
                                      purpose_key(training_.seed, Purpose::meta_initialisation));
  }

  /// The file's dynamics are not taken over: the preset's hold.
  std::vector<float> loaded() const {
    if (!options_.resume.empty()) {
      throw Error(ExitCode::usage,
                  "A resumed training has its own start; leave out --start or --resume.");
    }
    std::vector<float> phi = row_.load(options_.start).phi;
    if (phi.size() == training_.sampler->size()) return phi;
    throw Error(ExitCode::data,
                fmt::format("{}: holds {} numbers, but the network of the preset's dynamics has "
                            "{}; give both the same widths.",
                            options_.start.string(), phi.size(), training_.sampler->size()));
  }

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
    facts.push_back({"seed", fmt::format("{}", training_.seed)});
    facts.push_back({"start", digits(phi_sha256(state_.phi))});
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
  [[noreturn]] void keep_state(const PeerLost& error) {
    if (!share_->lowest() || state_.iteration <= saved_) throw error;
    save();
    throw PeerLost(
        fmt::format("{} The training is kept in '{}'.", error.what(), files_.state().string()));
  }

  template <class Event>
  void tell(Event event) {
    if (share_->lowest()) emit_(std::move(event));
  }

  /// One outer iteration. @return false when stopped meanwhile; the state is as before then, and
  /// also when it throws.
  bool iterate() {
    const auto answers = shared_lists(
        *share_, trainer_->questions(),
        [this](const std::vector<std::size_t>& part) { return trainer_->answers(state_, part); });
    if (!answers) return false;  // part of the answers is no gradient
    const MetaState before = state_;
    try {
      if (advance(*answers)) return true;
    } catch (...) {
      state_ = before;
      throw;
    }
    state_ = before;
    return false;
  }

  /// Moves phi; false when the validation was stopped.
  bool advance(const std::vector<std::vector<double>>& answers) {
    options_.distributed.enter("update");
    const TrainerStep step = trainer_->update(state_, answers);
    ++state_.iteration;
    state_.average = smoothing * state_.average + (1.0 - smoothing) * step.loss;
    const bool validated = state_.iteration % sections_.loop.validate_every == 0 ||
                           state_.iteration == sections_.loop.iterations;
    const std::optional<Validation> seen = validated ? validate() : Validation{};
    if (!seen) return false;
    record(step, *seen);
    require_a_living_chain();
    if (validated) checkpoint();
    return true;
  }

  /// A training in which every chain fails learns nothing: its gradient is 0.
  void require_a_living_chain() const {
    std::int64_t failed = 0;
    while (failed < state_.iteration && row_failed(state_.iteration - 1 - failed)) ++failed;
    const bool all = failed == state_.iteration && failed == sections_.loop.iterations;
    if (!all && failed < hopeless) return;
    throw Error(ExitCode::internal,
                fmt::format("Every chain of the last {} iterations diverged, so nothing is "
                            "learned; lower {}.",
                            failed, trainer_->remedy()));
  }

  bool row_failed(std::int64_t row) const {
    return state_.log[static_cast<std::size_t>(row) * meta_log_columns + 1] == failed_loss;
  }

  void record(const TrainerStep& step, const Validation& seen) {
    MetaIteration event;
    event.iteration = state_.iteration;
    event.meta_loss = step.loss;
    event.smoothed =
        state_.average / (1.0 - std::pow(smoothing, static_cast<double>(state_.iteration)));
    event.best_score = state_.best_score;
    event.score = seen.family.mean;
    event.gradient_norm = step.gradient_norm;
    event.score_error = seen.family.standard_error;
    event.transfer = seen.transfer.mean;
    event.transfer_error = seen.transfer.standard_error;
    state_.log.insert(state_.log.end(), {static_cast<double>(event.iteration), step.loss,
                                         event.smoothed, event.score, step.gradient_norm});
    tell(event);
  }

  void make_frozen_tasks() {
    const RngKey key = purpose_key(training_.seed, Purpose::meta_task).fold_in(~std::uint64_t{0});
    tasks_ = frozen_tasks(*training_.family, key, sections_.loop.validation_tasks);
    if (sections_.transfer.every > 0) transfer_.emplace(training_, row_);
  }

  /// The scores of mean_phi on frozen tasks; none when stopped meanwhile. phi itself wanders about
  /// its mean by the noise of the gradient. Keeps mean_phi where it is the best: by the transfer
  /// score in trainings that have one.
  std::optional<Validation> validate() {
    const auto make = [this](std::size_t i) {
      const RngKey key =
          purpose_key(training_.seed, Purpose::meta_task).fold_in(~std::uint64_t{1}).fold_in(i);
      return training_.arm(state_.mean_phi, tasks_[i], sections_.loop.steps_max, key);
    };
    const auto reached = losses_of(tasks_.size(), make);
    if (!reached) return std::nullopt;
    Validation seen{score_of(tasks_, *reached), {}};
    const ScoreRow row = {state_.iteration, false, sections_.loop.steps_max, undefined,
                          seen.family};
    add_scores(state_, {row});
    if (!transfer_) keep_if_best(seen.family.mean);
    if (transfer_ && !validate_transfer(seen.transfer)) return std::nullopt;
    return seen;
  }

  /// @return false when stopped.
  bool validate_transfer(Score& score) {
    const bool due = state_.iteration > 0 && (state_.iteration % sections_.transfer.every == 0 ||
                                              state_.iteration == sections_.loop.iterations);
    if (!due) return true;
    const auto make = [this](std::size_t i) { return transfer_->arm(state_.mean_phi, i); };
    const auto reached = losses_of(transfer_->questions(), make);
    if (!reached) return false;
    const std::vector<ScoreRow> rows = transfer_->rows(*reached, state_.iteration);
    add_scores(state_, rows);
    score = Transfer::score(rows);
    keep_if_best(score.mean);
    return true;
  }

  std::optional<std::vector<double>> losses_of(std::size_t count,
                                               const std::function<Arm(std::size_t)>& make) {
    return shared_numbers(*share_, count, [&](const std::vector<std::size_t>& part) {
      return place_.losses(part, make);
    });
  }

  void keep_if_best(double score) {
    const bool last = sections_.loop.keep == "last" && std::isfinite(score);
    if (!last && score >= state_.best_score) return;  // never while there is none yet
    state_.best_score = score;
    state_.best_phi = state_.mean_phi;
    state_.best_iteration = state_.iteration;
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

  void save() {
    const TaskFamily* family = transfer_ ? &transfer_->family() : nullptr;
    files_.save(state_, [&](const std::filesystem::path& file) {
      training_.sampler->save(file, state_.best_phi,
                              training_notes(training_, preset_, state_, family));
    });
    saved_ = state_.iteration;
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

  MetaOptions options_;
  Emitter& emit_;
  RunControl& control_;
  MetaSections sections_;
  const LearnedSamplerRow& row_;
  UnrollPlace place_;
  Training training_;
  std::unique_ptr<Trainer> trainer_;
  std::string preset_;
  SettingHash settings_;  ///< with the seed
  MetaFiles files_;
  MetaState state_;
  std::vector<std::shared_ptr<const MetaTask>> tasks_;
  std::optional<Transfer> transfer_;
  std::unique_ptr<TaskShare> share_;
  std::int64_t saved_ = 0;        ///< iterations in the files
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
