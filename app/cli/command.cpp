// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/command.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <ostream>
#include <sstream>

#include "core/base/number.h"
#include "core/base/printable.h"
#include "core/presets/store.h"

namespace ergo::cli {
namespace {

std::string time_left(double seconds) {
  if (!std::isfinite(seconds)) return "";
  const auto whole = static_cast<long>(seconds + 0.5);
  return fmt::format(", {}:{:02} left", whole / 60, whole % 60);
}

void show_progress(Session& session, const Progress& p) {
  if (!session.progress || p.total <= 0) return;
  session.err << fmt::format("\r{:5.1f} % of {}{}   ",
                             100.0 * static_cast<double>(p.done) / static_cast<double>(p.total),
                             p.total, time_left(p.seconds_left))
              << std::flush;
}

void show_iteration(Session& session, const MetaIteration& m) {
  if (std::isnan(m.score)) return;
  const std::string transfer = std::isnan(m.transfer) ? ""
                                                      : fmt::format(", transfer {:.4f} +- {:.4f}",
                                                                    m.transfer, m.transfer_error);
  const std::string best =
      std::isnan(m.best_score) ? "" : fmt::format(", best {:.4f}", m.best_score);
  session.err << fmt::format("{}iteration {}: meta-loss {:.4f}, validation {:.4f} +- {:.4f}{}{}\n",
                             session.progress ? "\r" : "", m.iteration, m.smoothed, m.score,
                             m.score_error, transfer, best)
              << std::flush;
}

/// CLI11 says of an unknown command only that one is required.
void require_known_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0].starts_with("-")) return;
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (std::find(known.begin(), known.end(), arguments[0]) != known.end()) return;
  throw Error(ExitCode::usage, fmt::format("Command '{}' is unknown{}", arguments[0],
                                           nearest_hint(arguments[0], known)));
}

}  // namespace

EventSink progress_sink(Session& session) {
  const auto samplers = std::make_shared<std::vector<std::string>>();
  return [&session, samplers](const RunEvent& event) {
    if (const auto* start = std::get_if<RunStarted>(&event)) {
      samplers->clear();
      for (const SamplerInfo& sampler : start->samplers) samplers->push_back(sampler.id);
    }
    if (const auto* p = std::get_if<Progress>(&event)) show_progress(session, *p);
    if (const auto* m = std::get_if<MetaIteration>(&event)) show_iteration(session, *m);
    if (const auto* l = std::get_if<LogMessage>(&event)) {
      session.err << (session.progress ? "\r" : "") << l->level << ": " << printable(l->text)
                  << "\n";
    }
    if (const auto* d = std::get_if<ChainDiverged>(&event)) {
      session.err << fmt::format("warning: chain {} of sampler {} stopped at step {}: {}\n",
                                 d->chain, samplers->at(static_cast<std::size_t>(d->sampler)),
                                 d->step, printable(d->reason));
    }
    if (std::holds_alternative<RunFinished>(event) && session.progress) session.err << "\n";
  };
}

std::uint64_t parse_count(const std::string& option, const std::string& text) {
  if (const auto value = parse_number<std::uint64_t>(text)) return *value;
  throw Error(ExitCode::usage,
              fmt::format("Option {} is '{}', but must be a whole number from 0 to {}.", option,
                          text, std::numeric_limits<std::uint64_t>::max()));
}

Preset load_with(const std::string& preset, const std::vector<std::string>& assignments) {
  Preset loaded = load_preset(preset);
  for (const std::string& text : assignments) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(ExitCode::usage,
                  fmt::format("Option --set is '{}', but must be field=value.", text));
    }
    set_field(loaded, text.substr(0, equals), text.substr(equals + 1));
  }
  return loaded;
}

void require_value(const CLI::Option& option) {
  if (option.count() == 0 || !option.results().front().empty()) return;
  throw Error(ExitCode::usage, fmt::format("Option {} is empty, but must name a file or folder.",
                                           option.get_name()));
}

int main(const std::vector<std::string>& arguments, Session& session) {
  CLI::App app("Ergoscope: meta-train L2E and compare samplers for Bayesian neural networks",
               "ergoscope-cli");
  app.set_version_flag("--version", ERGO_VERSION);
  app.require_subcommand(1);
  add_list(app, session);
  add_run(app, session);
  add_tune(app, session);
  add_meta_train(app, session);
  add_evaluate_meta(app, session);
  try {
    require_known_command(app, arguments);
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;  // --help, --version
    std::ostringstream complaint;
    app.exit(error, session.out, complaint);
    session.err << printable(complaint.str());
    return static_cast<int>(asked ? ExitCode::ok : ExitCode::usage);
  } catch (const Error& error) {
    session.err << "ergoscope-cli: " << printable(error.what()) << "\n";
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    session.err << "ergoscope-cli: internal error: " << printable(error.what()) << "\n";
    return static_cast<int>(ExitCode::internal);
  }
  return static_cast<int>(session.exit);
}

}  // namespace ergo::cli
