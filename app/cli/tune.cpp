// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/tune.h"

#include <memory>
#include <ostream>

#include "app/cli/command.h"

namespace ergo::cli {

void add_tune(CLI::App& app, Session& session) {
  struct Options {
    std::string preset, workers = "0";
    std::vector<std::string> set;
    bool json = false;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("tune", "Choose sampler fields on the preset's grid by validation NLL");
  command->add_option("preset", o->preset, "Preset id, or a path to a preset file")->required();
  command->add_option("--set", o->set, "field=value; may be repeated")->allow_extra_args(false);
  command->add_flag("--json", o->json, "Print one JSON object instead of the table");
  command->add_option("--workers", o->workers, "Worker threads; 0: one per core");
  command->callback([o, &session] {
    const Preset preset = load_with(o->preset, o->set);
    const int workers = static_cast<int>(parse_count("--workers", o->workers));
    const nlohmann::json tuning = tune(preset, workers, progress_sink(session), session.control);
    session.out << (o->json ? tuning.dump(2) + "\n" : tuning_table(tuning));
  });
}

}  // namespace ergo::cli
