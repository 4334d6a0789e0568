// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/run.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>

#include "app/cli/command.h"
#include "app/cli/processes.h"
#include "app/cli/run_output.h"
#include "core/presets/preset.h"
#include "core/run/run_share.h"
#include "core/run/summary.h"
#include "core/run/tune.h"

namespace ergo::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string preset, seed, seeds, out, resume, workers = "0";
  std::vector<std::string> set;
  bool force = false, json = false, save_positions = false;
  ProcessOptions processes;
};

std::vector<std::uint64_t> seeds_of(const Options& options) {
  if (!options.seeds.empty()) return parse_seed_range(options.seeds);
  return {parse_count("--seed", options.seed.empty() ? "1" : options.seed)};
}

RunJob job_of(const Options& options) {
  return {load_with(options.preset, options.set),
          seeds_of(options),
          !options.seeds.empty(),
          options.save_positions,
          {}};
}

/// --resume alone takes everything from the folder; with a preset it may begin there, and what is
/// there must be of the same run.
void check_options(const Options& options, bool in_job) {
  const auto refuse = [](const std::string& sentence) { throw Error(ExitCode::usage, sentence); };
  if (options.preset.empty() && options.resume.empty())
    refuse("run needs a preset, or --resume with the folder of an interrupted run.");
  if (options.resume.empty()) return;
  if (in_job && options.preset.empty())
    refuse("In a job of several processes --resume needs the preset beside it.");
  if (options.preset.empty() &&
      !(options.set.empty() && options.seed.empty() && options.seeds.empty())) {
    refuse(
        "Options --set, --seed and --seeds need a preset beside --resume: without one the "
        "settings of the interrupted run hold.");
  }
}

/// A run that would lose its work says so, once, when its first checkpoint would have been due.
EventSink warned_of_loss(EventSink sink, const Preset& preset, Session& session) {
  using Clock = std::chrono::steady_clock;
  // A preset that is no comparison has none, and is refused by the run.
  const double interval = section_values(preset, "").value("checkpoint_seconds", 0.0);
  return [sink, interval, &session, begin = Clock::now(),
          said = false](const RunEvent& event) mutable {
    sink(event);
    const std::chrono::duration<double> spent = Clock::now() - begin;
    if (said || spent.count() < interval || !std::holds_alternative<Progress>(event)) return;
    said = true;
    session.err << (session.progress ? "\r" : "")
                << "info: No checkpoints are made: they need --out.\n";
  };
}

/// What the run of a seed came to, as it is printed.
struct Told {
  json object;
  std::string table;
};

bool failed(const json& run) {
  const json& samplers = run.at("samplers");
  return run.at("reason") == "diverged" ||
         std::any_of(samplers.begin(), samplers.end(),
                     [](const json& s) { return !s.at("cut_short").empty(); });
}

json runs_of(const std::vector<Told>& told) {
  json runs = json::array();
  for (const Told& run : told) runs.push_back(run.object);
  return runs;
}

void print(const Options& options, bool series, const std::vector<Told>& told, std::ostream& out) {
  if (!series) {
    out << (options.json ? told.front().object.dump(2) + "\n" : told.front().table) << std::flush;
    return;
  }
  const json summary = summarise_runs(runs_of(told));
  out << (options.json ? summary.dump(2) + "\n" : summary_table(summary)) << std::flush;
}

bool is_write_failure(const Error& error) {
  return error.code() == ExitCode::io || error.code() == ExitCode::cannot_create;
}

ExitCode exit_of(const json& finished) {
  const json runs = finished.value("runs", json::array({finished}));
  return std::any_of(runs.begin(), runs.end(), failed) ? ExitCode::internal : ExitCode::ok;
}

/// Everything was done before: what it came to is printed again.
void print_finished(const Options& options, const RunOutput& output, Session& session) {
  const json object = output.finished();
  session.out << (options.json ? object.dump(2) + "\n" : output.finished_table()) << std::flush;
  session.exit = exit_of(object);
}

/// The seeds of a job one after the other.
class SeedRuns {
 public:
  SeedRuns(const Options& options, const RunJob& job, RunOutput& output, TaskShare& share,
           Session& session)
      : options_(options), job_(job), output_(output), share_(share), session_(session) {
    run_options_.workers = static_cast<int>(parse_count("--workers", options.workers));
  }

  /// What could not be written stays in memory and is tried once more when it has been printed.
  /// In a job, whether to go on is decided by shared answers alone, so that all do the same.
  void run(bool in_job) {
    if (in_job) run_options_.share = &share_;
    for (const std::uint64_t seed : job_.seeds) {
      if (!told_.empty() && share_.stopped()) break;  // the first gives the table
      const std::string known = told_by_first(share_, [&] {
        const auto object = output_.done(seed);
        return object ? object->dump() : std::string();
      });
      if (known.empty()) {
        run_seed(seed);
      } else {
        told_.push_back({json::parse(known), {}});
      }
    }
    share_.commit([this] { print(options_, job_.series, told_, session_.out); });
    for (const RunResult& result : unsaved_) share_.commit([&] { output_.save(result); });
    share_.commit([this] { output_.save_summary(summarise_runs(runs_of(told_))); });
    for (const Told& told : told_) {
      if (failed(told.object)) session_.exit = ExitCode::internal;
    }
    if (share_.stopped()) stop();
  }

 private:
  void run_seed(std::uint64_t seed) {
    run_options_.seed = seed;
    share_.commit([&] { run_options_.checkpoints = output_.checkpoints(seed); });
    if (!sink_) sink_ = sink();
    RunResult result = ergo::run(job_.preset, run_options_, sink_, session_.control);
    told_.push_back({to_json(result), table(result)});
    const bool many = job_.seeds.size() > 1;  // one is printed first, then saved
    if (!many || !saved(result)) unsaved_.push_back(std::move(result));
  }

  bool saved(const RunResult& result) {
    try {
      share_.commit([&] { output_.save(result); });
    } catch (const Error& error) {
      if (!is_write_failure(error)) throw;
      return false;
    }
    return true;
  }

  /// Of all seeds.
  EventSink sink() {
    EventSink shown = progress_sink(session_);
    if (!run_options_.checkpoints) shown = warned_of_loss(shown, job_.preset, session_);
    return [this, shown](const RunEvent& event) {
      if (std::holds_alternative<RunStarted>(event)) output_.started();
      shown(event);
    };
  }

  void stop() {
    session_.exit = session_.control.stop_code();
    if (!run_options_.checkpoints) return;
    session_.err << fmt::format("info: 'ergoscope-cli run --resume {}' goes on with it.\n",
                                options_.resume.empty() ? options_.out : options_.resume);
  }

  const Options& options_;
  const RunJob& job_;
  RunOutput& output_;
  TaskShare& share_;
  Session& session_;
  RunOptions run_options_;
  EventSink sink_;
  std::vector<Told> told_;
  std::vector<RunResult> unsaved_;
};

/// Rank 0 opens the folder. @return what all of it comes to where all is done, else nothing
std::string opened(const Options& options, RunJob& job, RunOutput& output, TaskShare& share) {
  return told_by_first(share, [&] {
    if (options.resume.empty()) {
      output.open(options.force);
    } else if (const auto stored = output.resume(job)) {
      job = *stored;
    } else {
      return output.finished().dump();
    }
    output.begin(job);
    return std::string();
  });
}

/// The same in all processes of a job.
void run_job(const Options& options, RunJob job, RunOutput& output,
             const DistributedOptions& distributed, Session& session) {
  const auto share = make_run_share(job.preset, job.seeds, distributed, session.control);
  try {
    const std::string finished = opened(options, job, output, *share);
    if (!finished.empty()) {
      share->commit([&] { print_finished(options, output, session); });
      session.exit = exit_of(json::parse(finished));
    } else {
      SeedRuns(options, job, output, *share, session).run(distributed.on());
    }
  } catch (const Error&) {
    share->finish();
    throw;
  }
  share->finish();
}

void run_command(const Options& options, Session& session) {
  const DistributedOptions distributed = read_process_options(options.processes, session);
  check_options(options, distributed.on());
  RunOutput output(
      options.resume.empty() ? options.out : options.resume,
      [&session](const std::string& sentence) { session.err << "warning: " << sentence << "\n"; });
  std::optional<RunJob> job;
  if (!options.preset.empty()) job = job_of(options);
  if (!job) job = output.resume({});
  if (!job) return print_finished(options, output, session);
  run_job(options, *job, output, distributed, session);
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Run the samplers of a preset and print the table");
  command->add_option("preset", o->preset, "Preset id, or a path to a preset file");
  command
      ->add_option("--set", o->set,
                   "field=value, for example sghmc.step_size=0.002; may be repeated")
      ->allow_extra_args(false);
  auto* seed = command->add_option("--seed", o->seed, "Seed of positions, batches and noise");
  command
      ->add_option("--seeds", o->seeds, "Range of seeds, for example 1-5: mean and standard error")
      ->excludes(seed);
  auto* out = command->add_option("--out", o->out, "New or empty folder for results");
  auto* force = command->add_flag("--force", o->force, "Replace files in the output folder");
  auto* resume = command
                     ->add_option("--resume", o->resume,
                                  "Go on with the interrupted run in this folder, bit for bit")
                     ->excludes(out)
                     ->excludes(force);
  command->add_flag("--json", o->json, "Print one JSON object instead of the table");
  command->add_flag("--save-positions", o->save_positions, "Write every draw as safetensors");
  command->add_option("--workers", o->workers, "Worker threads; 0: one per core");
  add_process_options(*command, o->processes);
  command->callback([o, out, resume, &session] {
    require_value(*out);
    require_value(*resume);
    run_command(*o, session);
  });
}

}  // namespace ergo::cli
