// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/io/checkpoint_folder.h"
#include "core/run/run_job.h"

namespace ergo {

/// The checkpoints of a run in the folder of its result, whose lock the caller holds: what was
/// asked for and, once run() is under way, how far it is. Of a series of seeds there is one in the
/// folder around those of the seeds, which tells the job alone. Free of torch; one thread at a
/// time.
class RunCheckpoints {
 public:
  static constexpr const char* state_name = "state.json";
  /// Of a new run; the checkpoints of former ones go when it writes its first.
  RunCheckpoints(std::filesystem::path folder, RunJob job);
  /// Of the interrupted run that is there. @throws Error{no_input} when there is none, {data} when
  /// all its checkpoints are damaged or of another form.
  explicit RunCheckpoints(std::filesystem::path folder);

  /// What the checkpoints keep from now on.
  RunJob job;
  /// Newer checkpoints that do not count, sentences.
  std::vector<std::string> damaged() const;
  /// @throws Error{config} naming the difference unless `given` asks for the same run.
  void require_same(const RunJob& given) const;

  /// What write() was given when the newest one was made; null at the start of the run.
  nlohmann::json progress() const;
  /// Names of its lists, oldest first, and the bytes of its files.
  std::vector<std::string> lists() const;
  std::string read(const std::string& name) const;
  const std::filesystem::path& folder() const { return files_.path(); }

  /// @param files beside `state.json`; those below `draws/` belong to all later ones too.
  /// @throws as CheckpointFolder::write().
  void write(const nlohmann::json& progress = nullptr, io::CheckpointFolder::Files files = {});
  void clear() { files_.clear(); }  ///< there is nothing left to do

 private:
  io::CheckpointFolder files_;
  std::optional<io::CheckpointFolder::Checkpoint> found_;
  nlohmann::json state_;
};

}  // namespace ergo
