// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/io/file_lock.h"

namespace ergo::io {

/// A folder that holds one result, or none, at any moment and after any crash. While this object
/// lives the folder is locked (`lock` in it). Files are staged in `.new` and published together:
/// the old index is removed, every file renamed into place, and the new index, which lists the
/// SHA-256 of all, comes last. So a folder whose index is there and fits is complete. Other files
/// in it stay as they are; a link in it is replaced, never followed. One thread at a time.
class ResultFolder {
 public:
  static constexpr const char* index = "result.json";
  static constexpr const char* checkpoints = "checkpoint";  ///< folder of a CheckpointFolder in it

  /// Makes the folder if need be and removes what a killed process of ours left in it.
  /// @param force take one that is not empty.
  /// @throws Error{cannot_create} naming the folder: it is a file, not empty without `force`, not
  /// writable, or another process writes into it.
  ResultFolder(std::filesystem::path path, bool force);
  ~ResultFolder();
  ResultFolder(const ResultFolder&) = delete;
  ResultFolder& operator=(const ResultFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The path of a folder in it for a ResultFolder of its own. @throws Error{cannot_create} for a
  /// link, which may lead out of here.
  std::filesystem::path inner(const std::string& name) const;

  /// @throws Error{io}, {cannot_create} naming the file; the published result is as it was.
  void stage(const std::string& name, std::string_view bytes);
  /// Replaces the result by what was staged; `result` with the list in its key "files" becomes the
  /// index. @throws Error{io} naming the file.
  void publish(nlohmann::json result);

 private:
  std::filesystem::path staged(const std::string& name) const;
  void move_into_place(const std::string& name) const;

  std::filesystem::path path_;
  FileLock lock_;
  std::map<std::string, std::string> files_;  ///< staged: name, SHA-256
};

/// Why the folder holds no complete result: a sentence without a full stop; empty when it does.
std::string incomplete(const std::filesystem::path& folder);

}  // namespace ergo::io
