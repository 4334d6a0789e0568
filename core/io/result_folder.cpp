// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/result_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/checkpoint_folder.h"
#include "core/io/sha256.h"

namespace ergo::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* staging = ".new";
constexpr const char* lock_name = "lock";
constexpr std::size_t largest_file = std::size_t{16} << 30;

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ExitCode::cannot_create, sentence);
}

[[noreturn]] void fail_io(const fs::path& path, int error) {
  throw Error(ExitCode::io, fmt::format("cannot write {}: {}", path.string(),
                                        std::generic_category().message(error)));
}

/// What a process of ours may have left: never a reason to refuse a folder.
bool is_leftover(const fs::path& path) {
  constexpr std::array<const char*, 2> names = {staging, lock_name};
  const fs::path name = path.filename();
  if (name == ResultFolder::checkpoints) {  // killed before the first one
    std::error_code error;
    const auto begun = [](const auto& entry) { return entry.path().filename() == staging; };
    return fs::is_directory(fs::symlink_status(path, error)) &&
           std::all_of(fs::directory_iterator(path, error), fs::directory_iterator(), begun);
  }
  return std::find(names.begin(), names.end(), name) != names.end() || is_temporary(name);
}

bool holds_others(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!is_leftover(entry.path())) return true;
  }
  return false;
}

void check(const fs::path& folder, bool force) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error))
    refuse(fmt::format("Output '{}' exists and is not a folder.", folder.string()));
  if (force || !holds_others(folder)) return;
  if (CheckpointFolder::used(folder / ResultFolder::checkpoints)) {
    refuse(
        fmt::format("Output folder '{0}' holds an interrupted run; 'run --resume {0}' goes on "
                    "with it, --force replaces its files.",
                    folder.string()));
  }
  const bool index = fs::exists(folder / ResultFolder::index, error);
  const std::string torn = index ? incomplete(folder) : std::string();
  refuse(fmt::format("Output folder '{}' is not empty{}; --force replaces its files.",
                     folder.string(),
                     torn.empty() ? "" : " (its result is incomplete: " + torn + ")"));
}

/// Who works in the folder is told before what it holds, which is what they have made so far.
void refuse_held(const fs::path& folder) {
  std::error_code error;
  if (holds_others(folder) && fs::exists(folder / lock_name, error))
    const FileLock probe(folder / lock_name);
}

fs::path made(fs::path folder, bool force) {
  refuse_held(folder);
  check(folder, force);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    refuse(
        fmt::format("Output folder '{}' cannot be created: {}.", folder.string(), error.message()));
  }
  return folder;
}

/// A file that replaces another keeps its permissions.
void keep_mode(const fs::path& from, const fs::path& to) {
  struct stat old {};
  if (::lstat(from.c_str(), &old) != 0 || !S_ISREG(old.st_mode)) return;
  if (::chmod(to.c_str(), old.st_mode & 07777) != 0) fail_io(to, errno);
}

}  // namespace

ResultFolder::ResultFolder(fs::path path, bool force)
    : path_(made(std::move(path), force)), lock_(path_ / lock_name) {
  check(path_, force);  // once more: another process may have filled it meanwhile
  std::error_code ignored;
  fs::remove_all(path_ / staging, ignored);
  remove_leftovers(path_);
}

ResultFolder::~ResultFolder() {
  std::error_code ignored;
  fs::remove_all(path_ / staging, ignored);
}

fs::path ResultFolder::inner(const std::string& name) const {
  const fs::path folder = path_ / name;
  if (!fs::is_symlink(folder)) return folder;
  refuse(fmt::format("Output folder '{}' is a symbolic link; remove it.", folder.string()));
}

fs::path ResultFolder::staged(const std::string& name) const { return path_ / staging / name; }

void ResultFolder::stage(const std::string& name, std::string_view bytes) {
  std::error_code error;
  if (fs::is_directory(fs::symlink_status(path_ / name, error)))
    refuse(fmt::format("cannot create {}: it is a folder", (path_ / name).string()));
  fs::create_directory(path_ / staging, error);
  if (error) fail_io(path_ / staging, error.value());
  write_file(staged(name), bytes);
  keep_mode(path_ / name, staged(name));
  files_[name] = sha256_hex(bytes);
}

void ResultFolder::move_into_place(const std::string& name) const {
  if (::rename(staged(name).c_str(), (path_ / name).c_str()) != 0) fail_io(path_ / name, errno);
}

void ResultFolder::publish(nlohmann::json result) {
  result["files"] = files_;
  auto names = std::exchange(files_, {});
  stage(index, result.dump(2) + "\n");
  if (::unlink((path_ / index).c_str()) != 0 && errno != ENOENT) fail_io(path_ / index, errno);
  sync_folder(path_);
  for (const auto& [name, hash] : names) move_into_place(name);
  sync_folder(path_);  // no index before its files
  move_into_place(index);
  sync_folder(path_);
  files_.clear();
}

std::string incomplete(const fs::path& folder) {
  try {
    const auto result = nlohmann::json::parse(read_file(folder / ResultFolder::index, largest_file),
                                              nullptr, false);
    if (!result.is_object() || !result.contains("files") || !result["files"].is_object())
      return "result.json has no list of files";
    for (const auto& [name, hash] : result["files"].items()) {
      if (sha256_hex(read_file(folder / fs::path(name).filename(), largest_file)) != hash)
        return fmt::format("'{}' is not the file that result.json lists", name);
    }
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace ergo::io
