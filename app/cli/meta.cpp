// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/meta.h"

#include <spdlog/fmt/fmt.h>

#include <memory>
#include <ostream>

#include "app/cli/command.h"
#include "app/cli/processes.h"
#include "core/base/printable.h"

namespace ergo::cli {
namespace {

struct Options {
  std::string preset, file, resume, start, seed = "0", workers = "0";
  std::vector<std::string> set;
  bool force = false, json = false;
  ProcessOptions processes;
};

void train(const Options& o, Session& session) {
  MetaOptions options;
  options.out = o.file;
  options.resume = o.resume;
  options.start = o.start;
  options.seed = parse_count("--seed", o.seed);
  options.workers = static_cast<int>(parse_count("--workers", o.workers));
  options.force = o.force;
  options.distributed = read_process_options(o.processes, session);
  const MetaResult result =
      meta_train(load_with(o.preset, o.set), options, progress_sink(session), session.control);
  if (result.reason == "stopped") session.exit = session.control.stop_code();
  if (result.unsaved) session.exit = result.unsaved->code();
  if (!result.speaks) return;
  if (result.unsaved) session.err << "ergoscope-cli: " << printable(result.unsaved->what()) << "\n";
  if (o.json) {
    session.out << to_json(result).dump(2) << "\n";
  } else {
    session.out << fmt::format(
        "{} after {} iterations in {:.0f} s; best validation score {:.4f}; "
        "phi SHA-256 {}; {} to {}\n",
        result.reason, result.iterations, result.seconds, result.best_score, result.phi_sha256,
        result.unsaved ? "not written" : "written", result.file.string());
  }
}

void add_common(CLI::App* command, Options& o) {
  command->add_option("--set", o.set, "field=value; may be repeated")->allow_extra_args(false);
  command->add_flag("--json", o.json, "Print one JSON object instead of text");
  command->add_option("--workers", o.workers, "Worker threads; 0: one per core");
}

}  // namespace

void add_meta_train(CLI::App& app, Session& session) {
  auto o = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("meta-train", "Meta-train the parameters of a learned sampler");
  command->add_option("preset", o->preset, "Preset of kind meta-train")->required();
  auto* out = command->add_option("--out", o->file, "Safetensors file for the best meta-parameters")
                  ->required();
  command->add_option("--resume", o->resume, "Continue from a .state.safetensors file");
  command->add_option("--start", o->start, "Begin with these meta-parameters (safetensors)");
  command->add_option("--seed", o->seed, "Seed; 0: the preset's");
  command->add_flag("--force", o->force, "Replace an existing output file");
  add_common(command, *o);
  add_process_options(*command, o->processes);
  command->callback([o, out, &session] {
    require_value(*out);
    train(*o, session);
  });
}

void add_evaluate_meta(CLI::App& app, Session& session) {
  auto o = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("evaluate-meta", "Score meta-parameters on held-out families");
  command->add_option("file", o->file, "Safetensors file with meta-parameters")->required();
  command->add_option("preset", o->preset, "Preset of kind meta-train")->required();
  add_common(command, *o);
  command->callback([o, &session] {
    const int workers = static_cast<int>(parse_count("--workers", o->workers));
    const nlohmann::json scores = evaluate_meta(o->file, load_with(o->preset, o->set), workers,
                                                progress_sink(session), session.control);
    session.out << (o->json ? scores.dump(2) + "\n" : evaluation_table(scores));
  });
}

}  // namespace ergo::cli
