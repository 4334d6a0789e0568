// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/run.h"

#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>

#include "app/cli/command.h"
#include "app/cli/processes.h"
#include "core/io/result_folder.h"
#include "core/presets/preset.h"
#include "core/run/run_share.h"
#include "core/run/summary.h"
#include "core/run/tune.h"

namespace ergo::cli {
namespace {

struct Options {
  std::string preset, seed = "1", seeds, out, workers = "0";
  std::vector<std::string> set;
  bool force = false, json = false, save_positions = false;
  ProcessOptions processes;
};

std::vector<std::uint64_t> seeds_of(const Options& options) {
  if (!options.seeds.empty()) return parse_seed_range(options.seeds);
  return {parse_count("--seed", options.seed)};
}

/// Where results go.
class Output {
 public:
  Output(const Options& options, bool many) : options_(options), many_(many) {}

  /// By the process of the job that writes: at first, or when it takes over from a lost one.
  void open(bool force) {
    if (!options_.out.empty() && !folder_) folder_.emplace(options_.out, force);
  }

  void save(const RunResult& result) {
    if (options_.out.empty()) return;
    open(true);
    if (!many_) return archive(result, *folder_, options_.save_positions);
    archive(result, folder_->inner(fmt::format("s{}", result.seed)),
            {true, options_.save_positions});
  }

 private:
  const Options& options_;
  bool many_;
  std::optional<io::ResultFolder> folder_;
};

bool is_write_failure(const Error& error) {
  return error.code() == ExitCode::io || error.code() == ExitCode::cannot_create;
}

void print(const Options& options, const std::vector<RunResult>& results, std::ostream& out) {
  if (results.size() == 1 && options.seeds.empty()) {
    out << (options.json ? to_json(results.front()).dump(2) + "\n" : table(results.front()))
        << std::flush;
    return;
  }
  const nlohmann::json summary = summarise(results);
  out << (options.json ? summary.dump(2) + "\n" : summary_table(summary)) << std::flush;
}

/// What could not be written stays in memory and is tried once more when it has been printed.
/// In a job, whether to go on is decided by shared answers alone, so that all do the same.
void run_seeds(const Options& options, const Preset& preset,
               const std::vector<std::uint64_t>& seeds, RunOptions run_options, TaskShare& share,
               Session& session) {
  const bool many = seeds.size() > 1;
  Output output(options, many);
  share.commit([&] { output.open(options.force); });
  std::vector<RunResult> results;
  std::vector<std::size_t> unsaved;
  const auto save = [&](std::size_t i) { share.commit([&] { output.save(results[i]); }); };
  for (const std::uint64_t seed : seeds) {
    if (!results.empty() && share.stopped()) break;  // the first gives the table
    run_options.seed = seed;
    results.push_back(run(preset, run_options, progress_sink(session), session.control));
    if (results.back().all_diverged() || results.back().cut_short())
      session.exit = ExitCode::internal;
    unsaved.push_back(results.size() - 1);
    if (!many) break;  // printed first, then saved
    try {
      save(unsaved.back());
      unsaved.pop_back();
    } catch (const Error& error) {
      if (!is_write_failure(error)) throw;
    }
  }
  share.commit([&] { print(options, results, session.out); });
  for (const std::size_t i : unsaved) save(i);
  if (share.stopped()) session.exit = session.control.stop_code();
}

void run_command(const Options& options, Session& session) {
  const DistributedOptions job = read_process_options(options.processes);
  const Preset preset = load_with(options.preset, options.set);
  const std::vector<std::uint64_t> seeds = seeds_of(options);
  RunOptions run_options;
  run_options.workers = static_cast<int>(parse_count("--workers", options.workers));
  const auto share = make_run_share(preset, seeds, job, session.control);
  if (job.on()) run_options.share = share.get();
  try {
    run_seeds(options, preset, seeds, run_options, *share, session);
  } catch (const Error& error) {
    if (error.code() != ExitCode::temporary) share->finish();
    throw;
  }
  share->finish();
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Run the samplers of a preset and print the table");
  command->add_option("preset", o->preset, "Preset id, or a path to a preset file")->required();
  command
      ->add_option("--set", o->set,
                   "field=value, for example sghmc.step_size=0.002; may be repeated")
      ->allow_extra_args(false);
  auto* seed = command->add_option("--seed", o->seed, "Seed of positions, batches and noise");
  command
      ->add_option("--seeds", o->seeds, "Range of seeds, for example 1-5: mean and standard error")
      ->excludes(seed);
  auto* out = command->add_option("--out", o->out, "New or empty folder for results");
  command->add_flag("--force", o->force, "Replace files in the output folder");
  command->add_flag("--json", o->json, "Print one JSON object instead of the table");
  command->add_flag("--save-positions", o->save_positions, "Write every draw as safetensors");
  command->add_option("--workers", o->workers, "Worker threads; 0: one per core");
  add_process_options(*command, o->processes);
  command->callback([o, out, &session] {
    require_value(*out);
    run_command(*o, session);
  });
}

}  // namespace ergo::cli
