// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "core/base/control.h"
#include "core/base/error.h"
#include "core/events/events.h"
#include "core/presets/preset.h"

namespace ergo::cli {

/// What the commands share: where text goes and how a signal reaches a run.
struct Session {
  std::ostream& out;
  std::ostream& err;
  bool progress = false;  ///< stderr is a terminal
  RunControl control{};
  ExitCode exit = ExitCode::ok;
};

/// Each command adds its subcommand; its callback runs after parsing. One pair of files a command.
void add_list(CLI::App& app, Session& session);
void add_run(CLI::App& app, Session& session);
void add_tune(CLI::App& app, Session& session);
void add_meta_train(CLI::App& app, Session& session);
void add_evaluate_meta(CLI::App& app, Session& session);

/// Prints progress, warnings and divergences of a run to the session's err.
EventSink progress_sink(Session& session);

/// A decimal number option: CLI11 would read numbers by the locale, so options are strings.
/// @throws Error{usage} naming the option.
std::uint64_t parse_count(const std::string& option, const std::string& text);

/// Of an option that may be left out, but not be given as "". @throws Error{usage} naming it.
void require_value(const CLI::Option& option);

/// The preset with every `--set field=value` applied. @throws Error for either, or without an '='.
Preset load_with(const std::string& preset, const std::vector<std::string>& assignments);

/// Parses and runs. @return the process's exit status.
int main(const std::vector<std::string>& arguments, Session& session);

}  // namespace ergo::cli
