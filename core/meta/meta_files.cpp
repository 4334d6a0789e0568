// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/meta_files.h"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "core/io/atomic_file.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_state = std::size_t{4} << 30;  // bytes

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

}  // namespace

MetaFiles::MetaFiles(const MetaOptions& options, SettingHash settings)
    : out_(options.out),
      resume_(options.resume),
      force_(options.force),
      settings_(std::move(settings)) {
  if (!options.distributed.on()) check();
}

bool MetaFiles::resumes() const {
  std::error_code error;
  return !resume_.empty() && (resume_ != state() || fs::exists(resume_, error));
}

std::string MetaFiles::stored_state() const {
  return resumes() ? io::read_file(resume_, largest_state) : std::string();
}

void MetaFiles::check() const {
  std::error_code error;
  if (fs::exists(out_, error) && !resumes() && !force_) {
    throw Error(ExitCode::cannot_create,
                fmt::format("Output file '{}' exists; --force replaces it.", out_.string()));
  }
  if (out_.empty() || !fs::is_directory(folder_of(out_), error)) {
    throw Error(ExitCode::cannot_create,
                fmt::format("Output file '{}' needs an existing folder.", out_.string()));
  }
}

void MetaFiles::begin() {
  lock();
  check();  // once more: another training may have ended meanwhile
}

void MetaFiles::lock() {
  if (lock_) return;
  lock_ = std::make_unique<io::FileLock>(out_.string() + ".lock");
  io::remove_leftovers(folder_of(out_));
}

void MetaFiles::save(const MetaState& state_of_training,
                     const std::function<void(const fs::path&)>& write) {
  lock();
  if (!std::exchange(begun_, true) && !resumes()) {
    std::error_code ignored;  // what cannot be removed cannot be replaced either
    for (const fs::path& old : {out_, log(), scores()}) fs::remove(old, ignored);
  }
  save_meta_state(state(), state_of_training, settings_);
  write(out_);
  io::write_file(log(), meta_log_csv(state_of_training));
  io::write_file(scores(), meta_scores_csv(state_of_training));
}

fs::path MetaFiles::state() const { return out_.string() + ".state.safetensors"; }
fs::path MetaFiles::log() const { return out_.string() + ".log.csv"; }
fs::path MetaFiles::scores() const { return out_.string() + ".scores.csv"; }

}  // namespace ergo
