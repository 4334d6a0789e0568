// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/run_output.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <utility>

#include "core/io/atomic_file.h"
#include "core/run/summary.h"

namespace ergo::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t largest_file = std::size_t{1} << 30;

json read_json(const fs::path& file) {
  json object = json::parse(io::read_file(file, largest_file), nullptr, false);
  if (!object.is_object())
    throw Error(ExitCode::data, fmt::format("{}: is no JSON object.", file.string()));
  return object;
}

json result_in(const fs::path& folder) {
  json object = read_json(folder / io::ResultFolder::index);
  object.erase("files");
  return object;
}

/// What the result in the folder is of. @throws json::exception.
RunJob job_of(const json& result, const fs::path& folder) {
  const json seeds = result.contains("seeds") ? result["seeds"] : json::array({result.at("seed")});
  return job_from({{"preset", result.at("preset")},
                   {"folder", folder.string()},
                   {"document", read_json(folder / "preset.json")},
                   {"files", json::object()},
                   {"seeds", seeds},
                   {"series", seeds.size() > 1},
                   {"save_positions", false},
                   {"done", json::array()}});
}

}  // namespace

RunOutput::RunOutput(fs::path path, std::function<void(const std::string&)> warn)
    : path_(std::move(path)), warn_(std::move(warn)) {}

void RunOutput::open(bool force) {
  if (!path_.empty() && !folder_) folder_.emplace(path_, force);
}

fs::path RunOutput::checkpoints_of(io::ResultFolder& folder) const {
  return folder.inner(io::ResultFolder::checkpoints);
}

std::optional<RunJob> RunOutput::resume(const std::optional<RunJob>& given) {
  std::error_code error;
  if (!given && !fs::is_directory(path_, error)) {
    throw Error(ExitCode::no_input,
                fmt::format("Folder '{}' does not exist; begin with 'run PRESET "
                            "--out {}'.",
                            path_.string(), path_.string()));
  }
  open(true);
  if (!io::CheckpointFolder::used(checkpoints_of(*folder_))) return stored_result(given);
  checkpoints_.emplace(checkpoints_of(*folder_));
  resumes_ = true;
  RunJob job = checkpoints_->job;
  if (given) checkpoints_->require_same(*given);
  // How often checkpoints are made may change, and what is written in the end.
  if (given) job.preset = given->preset;
  job.save_positions = job.save_positions || (given && given->save_positions);
  return job;
}

/// Where there is no checkpoint.
std::optional<RunJob> RunOutput::stored_result(const std::optional<RunJob>& given) const {
  std::error_code error;
  const auto refuse = [this](ExitCode code, const std::string& what) {
    throw Error(code, fmt::format("Folder '{0}' holds {1}; begin with 'run PRESET --out {0} "
                                  "--force'.",
                                  path_.string(), what));
  };
  if (!fs::exists(path_ / io::ResultFolder::index, error)) {
    if (!given) refuse(ExitCode::no_input, "no checkpoint");
    return given;
  }
  const std::string torn = io::incomplete(path_);
  if (!torn.empty()) refuse(ExitCode::data, "no checkpoint and an incomplete result: " + torn);
  const json result = result_in(path_);
  if (result.value("reason", std::string()) == "stopped")
    refuse(ExitCode::no_input, "a stopped run without a checkpoint");
  const std::string text = given ? difference(*given, job_of(result, path_)) : std::string();
  if (!text.empty()) {
    throw Error(ExitCode::config,
                fmt::format("{} in the run whose result is in {}; take another folder.", text,
                            path_.string()));
  }
  return std::nullopt;
}

json RunOutput::finished() const { return result_in(path_); }
std::string RunOutput::finished_table() const {
  return io::read_file(path_ / "table.txt", largest_file);
}

void RunOutput::begin(RunJob job) {
  job_ = std::move(job);
  if (!many() || !folder_) return;
  series_ = std::exchange(checkpoints_, std::nullopt);
  if (resumes_) {
    for (const std::string& sentence : series_->damaged()) warn_(sentence);
  } else {
    series_.emplace(checkpoints_of(*folder_), job_);
  }
}

std::optional<json> RunOutput::done(std::uint64_t seed) const {
  if (!resumes_ || !many() || std::ranges::find(job_.done, seed) == job_.done.end())
    return std::nullopt;
  const fs::path folder = path_ / fmt::format("s{}", seed);
  if (!io::incomplete(folder).empty()) return std::nullopt;
  return result_in(folder);
}

io::ResultFolder& RunOutput::folder_of(std::uint64_t seed) {
  if (!many()) return *folder_;
  if (!seed_folder_ || seed_ != seed) {
    seed_folder_.reset();
    seed_folder_.emplace(folder_->inner(fmt::format("s{}", seed)), true);
    seed_ = seed;
  }
  return *seed_folder_;
}

RunCheckpoints* RunOutput::checkpoints(std::uint64_t seed) {
  if (!folder_) return nullptr;
  if (!many() && resumes_) {
    checkpoints_->job = job_;
    return &*checkpoints_;
  }
  const fs::path path = checkpoints_of(folder_of(seed));
  const RunJob job{job_.preset, {seed}, false, job_.save_positions, {}};
  if (resumes_ && io::CheckpointFolder::used(path)) {
    checkpoints_.emplace(path);
    checkpoints_->require_same(job);
    checkpoints_->job = job;
  } else {
    checkpoints_.emplace(path, many() ? job : job_);
  }
  return &*checkpoints_;
}

/// Those of an older series in the folder would be taken for this one's.
void RunOutput::started() {
  if (!series_ || resumes_ || std::exchange(begun_, true)) return;
  for (const std::uint64_t seed : job_.seeds) {
    if (seed == seed_) continue;  // its own replace them
    io::CheckpointFolder(folder_->inner(fmt::format("s{}", seed)) / io::ResultFolder::checkpoints)
        .clear();
  }
  keep_series();
}

void RunOutput::keep_series() {
  if (!series_) return;
  try {
    series_->job = job_;
    series_->write();
  } catch (const Error& error) {
    warn_(fmt::format("The checkpoint failed: {}", error.what()));
  }
}

/// The result first, then what tells that it is there, and last what is no longer needed: a kill in
/// between costs time and nothing else.
void RunOutput::save(const RunResult& result) {
  if (path_.empty()) return;
  open(true);
  io::ResultFolder& folder = folder_of(result.seed);
  archive(result, folder, job_.save_positions);
  if (result.reason == "stopped") return;
  job_.done.push_back(result.seed);
  keep_series();
  io::CheckpointFolder(checkpoints_of(folder)).clear();
}

void RunOutput::save_summary(const json& summary) {
  if (path_.empty() || !many() || job_.done.size() < job_.seeds.size()) return;
  open(true);
  folder_->stage("preset.json", resolved_document(job_.preset).dump(2) + "\n");
  folder_->stage("table.txt", summary_table(summary));
  folder_->publish(summary);
  if (series_) series_->clear();
}

}  // namespace ergo::cli
