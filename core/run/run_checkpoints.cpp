// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/run_checkpoints.h"

#include <spdlog/fmt/fmt.h>

#include <stdexcept>
#include <utility>

#include "core/base/error.h"
#include "core/io/json_check.h"

namespace ergo {
namespace {

using nlohmann::json;

constexpr const char* state_kind = "ergoscope run";
constexpr int state_schema = 1;

}  // namespace

RunCheckpoints::RunCheckpoints(std::filesystem::path folder, RunJob new_job)
    : job(std::move(new_job)), files_(std::move(folder)) {}

RunCheckpoints::RunCheckpoints(std::filesystem::path folder)
    : files_(std::move(folder)), found_(files_.newest()) {
  if (!found_) {
    throw Error(ExitCode::no_input,
                fmt::format("{} holds no checkpoint; begin with 'run PRESET --out'.",
                            files_.path().string()));
  }
  const std::string name = (found_->folder / state_name).string();
  try {
    const std::string text = read(state_name);
    constexpr io::JsonRules rules{.deepest = 40};  // a preset is part of it
    if (const std::string fault = io::json_fault(text, rules); !fault.empty())
      throw std::invalid_argument(fault);
    state_ = json::parse(text);
    if (state_.at("kind") != state_kind || state_.at("schema") != state_schema) {
      throw Error(ExitCode::data,
                  fmt::format("{}: is of kind {} and schema {}, but this program reads '{}', "
                              "schema {}; resume with the program that wrote it.",
                              name, state_["kind"].dump(), state_["schema"].dump(), state_kind,
                              state_schema));
    }
    state_.at("progress");
    job = job_from(state_.at("job"));
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ExitCode::data, fmt::format("{}: is no state of a run: {}.", name, error.what()));
  }
}

std::vector<std::string> RunCheckpoints::damaged() const {
  return found_ ? found_->damaged : std::vector<std::string>();
}

void RunCheckpoints::require_same(const RunJob& given) const {
  const std::string text = difference(given, job);
  if (text.empty()) return;
  throw Error(ExitCode::config,
              fmt::format("{} in the run that {} would go on with; resume with the same settings, "
                          "or take another folder.",
                          text, files_.path().string()));
}

json RunCheckpoints::progress() const { return found_ ? state_.at("progress") : json(nullptr); }

std::vector<std::string> RunCheckpoints::lists() const {
  std::vector<std::string> names;
  if (!found_) return names;
  for (const auto& [name, listed] : found_->files) {
    if (name.starts_with("draws/")) names.push_back(name);
  }
  return names;
}

std::string RunCheckpoints::read(const std::string& name) const { return found_->read(name); }

void RunCheckpoints::write(const json& progress, io::CheckpointFolder::Files files) {
  const json state = {{"kind", state_kind},
                      {"schema", state_schema},
                      {"job", to_json(job)},
                      {"progress", progress}};
  files[state_name] = state.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  files_.write(files);
}

}  // namespace ergo
