// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/checkpoint_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/number.h"
#include "core/io/atomic_file.h"
#include "core/io/json_check.h"
#include "core/io/sha256.h"

namespace ergo::io {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* commit = "COMMIT";
constexpr const char* lasting = "draws/";
constexpr int commit_schema = 1;
constexpr std::size_t kept = 3;
constexpr std::size_t largest_file = std::size_t{16} << 30;

[[noreturn]] void fail_io(const fs::path& path, int error) {
  throw Error(ExitCode::io, fmt::format("cannot write {}: {}", path.string(),
                                        std::generic_category().message(error)));
}

/// A name inside the folder, and no other.
bool is_plain(const fs::path& name) {
  return !name.empty() && name.is_relative() &&
         std::none_of(name.begin(), name.end(), [](const fs::path& p) { return p == ".."; });
}

/// The files that COMMIT lists, each compared with its list. @throws Error, json::exception.
CheckpointFolder::Checkpoint verified(const fs::path& folder) {
  const std::string text = read_file(folder / commit, largest_file);
  if (!json_fault(text, {}).empty()) throw Error(ExitCode::data, "COMMIT is no list of files");
  const json list = json::parse(text);
  if (list.at("schema") != commit_schema)
    throw Error(ExitCode::data, fmt::format("COMMIT has schema {}", list["schema"].dump()));
  CheckpointFolder::Checkpoint found{folder, {}, {}};
  for (const auto& [name, about] : list.at("files").items()) {
    const CheckpointFolder::Listed listed{about.at("size"), about.at("sha256")};
    const std::string bytes = is_plain(name) ? read_file(folder / name, largest_file) : "";
    if (!is_plain(name) || bytes.size() != listed.size || sha256_hex(bytes) != listed.sha256)
      throw Error(ExitCode::data, fmt::format("'{}' is not the file that COMMIT lists", name));
    found.files[name] = listed;
  }
  return found;
}

std::string text_of(const std::map<std::string, CheckpointFolder::Listed>& files) {
  json list = json::object();
  for (const auto& [name, listed] : files)
    list[name] = {{"size", listed.size}, {"sha256", listed.sha256}};
  return json{{"schema", commit_schema}, {"files", list}}.dump(1) + "\n";
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail_io(folder, error.value());
}

std::string name_of(std::int64_t counter) { return fmt::format("{:08}", counter); }

/// Counters of checkpoints in `path`, whole or not, rising.
std::vector<std::int64_t> counters_in(const fs::path& path) {
  std::vector<std::int64_t> list;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    const auto counter = parse_number<std::int64_t>(name);
    if (counter && name_of(*counter) == name && entry.is_directory(error)) list.push_back(*counter);
  }
  std::sort(list.begin(), list.end());
  return list;
}

}  // namespace

std::string CheckpointFolder::Checkpoint::read(const std::string& name) const {
  return read_file(folder / name, largest_file);
}

CheckpointFolder::CheckpointFolder(fs::path path) : path_(std::move(path)) {
  if (const auto list = counters(); !list.empty()) next_ = list.back() + 1;
  first_own_ = next_;
}

bool CheckpointFolder::used(const fs::path& path) { return !counters_in(path).empty(); }

std::vector<std::int64_t> CheckpointFolder::counters() const { return counters_in(path_); }
fs::path CheckpointFolder::folder(std::int64_t counter) const { return path_ / name_of(counter); }
fs::path CheckpointFolder::staging() const { return path_ / ".new"; }

std::optional<CheckpointFolder::Checkpoint> CheckpointFolder::newest() {
  std::vector<std::string> damaged;
  const std::vector<std::int64_t> list = counters();
  for (auto counter = list.rbegin(); counter != list.rend(); ++counter) {
    const auto note = [&](const char* why) {
      damaged.push_back(
          fmt::format("Checkpoint {} is damaged: {}.", folder(*counter).string(), why));
    };
    try {
      last_ = verified(folder(*counter));
      last_.damaged = std::move(damaged);
      first_own_ = 0;
      return last_;
    } catch (const Error& error) {
      note(error.what());
    } catch (const json::exception&) {
      note("COMMIT is no list of files");
    }
  }
  if (damaged.empty()) return std::nullopt;
  throw Error(ExitCode::data,
              fmt::format("{} No other is whole; start anew with --force.", damaged.front()));
}

void CheckpointFolder::take_over(const std::string& name, const fs::path& to) const {
  if (::link((last_.folder / name).c_str(), to.c_str()) != 0) write_file(to, last_.read(name));
}

void CheckpointFolder::make(const Files& files, Checkpoint& made) const {
  make_folder(staging() / lasting);
  for (const auto& [name, listed] : last_.files) {
    if (!name.starts_with(lasting)) continue;
    take_over(name, staging() / name);
    made.files[name] = listed;
  }
  for (const auto& [name, bytes] : files) {
    write_file(staging() / name, bytes);
    made.files[name] = {bytes.size(), sha256_hex(bytes)};
  }
  sync_folder(staging() / lasting);
  write_file(staging() / commit, text_of(made.files));
  if (::rename(staging().c_str(), made.folder.c_str()) != 0) fail_io(made.folder, errno);
  sync_folder(path_);
}

void CheckpointFolder::write(const Files& files) {
  std::error_code ignored;
  fs::remove_all(staging(), ignored);
  Checkpoint made{folder(next_), {}, {}};
  try {
    make(files, made);
  } catch (...) {
    fs::remove_all(staging(), ignored);
    ::rmdir(path_.c_str());  // where it is empty
    throw;
  }
  ++next_;
  last_ = std::move(made);
  remove_old();
}

/// Under another name first: a kill leaves no half of one.
void CheckpointFolder::remove(std::int64_t counter) const {
  std::error_code ignored;
  fs::remove_all(staging(), ignored);
  fs::rename(folder(counter), staging(), ignored);
  fs::remove_all(staging(), ignored);
}

void CheckpointFolder::remove_old() const {
  const std::vector<std::int64_t> list = counters();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] < first_own_ || i + kept < list.size()) remove(list[i]);
  }
}

void CheckpointFolder::clear() {
  for (const std::int64_t counter : counters()) remove(counter);
  std::error_code ignored;
  fs::remove_all(staging(), ignored);
  ::rmdir(path_.c_str());
  last_ = {};
}

}  // namespace ergo::io
