// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/io/result_folder.h"
#include "core/run/run.h"
#include "core/run/run_checkpoints.h"

namespace ergo::cli {

/// The folder of a `run`: its results, and the checkpoints of what is under way. Several seeds have
/// a folder each in it, `s<seed>`; the one around them knows which are done. Without a folder, and
/// in all processes of a job but rank 0, which do not open it, everything is done for nothing.
class RunOutput {
 public:
  /// @param warn  takes sentences about what could not be kept
  RunOutput(std::filesystem::path path, std::function<void(const std::string&)> warn);

  /// Takes the folder, whose lock it holds from then on. A second call does nothing.
  void open(bool force);
  /// The same for --resume: what is to be done in the folder, or nothing where all is done.
  /// @param given  what the command line asks for; it may begin where there is nothing yet.
  /// @throws Error{no_input} when there is nothing to go on with, {config} when `given` is another
  /// run, {data} when what is there is damaged.
  std::optional<RunJob> resume(const std::optional<RunJob>& given);
  /// The result object of the folder, once resume() found all done, and the text of its table.
  nlohmann::json finished() const;
  std::string finished_table() const;

  /// Before the first run. @param job  what resume() gave, or a new one
  void begin(RunJob job);
  /// The result object of a seed that was done before.
  std::optional<nlohmann::json> done(std::uint64_t seed) const;
  /// Where the run of that seed keeps its checkpoints; null: nowhere.
  RunCheckpoints* checkpoints(std::uint64_t seed);
  void started();  ///< the run of a seed was found good and begins
  void save(const RunResult& result);
  /// Of several seeds, once all are saved.
  void save_summary(const nlohmann::json& summary);

 private:
  bool many() const { return job_.seeds.size() > 1; }
  io::ResultFolder& folder_of(std::uint64_t seed);
  std::filesystem::path checkpoints_of(io::ResultFolder& folder) const;
  std::optional<RunJob> stored_result(const std::optional<RunJob>& given) const;
  void keep_series();

  std::filesystem::path path_;
  bool resumes_ = false, begun_ = false;
  std::function<void(const std::string&)> warn_;
  std::optional<io::ResultFolder> folder_, seed_folder_;
  std::uint64_t seed_ = 0;  ///< of seed_folder_
  RunJob job_;
  std::optional<RunCheckpoints> checkpoints_;  ///< of the run under way
  std::optional<RunCheckpoints> series_;       ///< of several seeds: what is to be done
};

}  // namespace ergo::cli
