// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <functional>
#include <memory>

#include "core/io/file_lock.h"
#include "core/meta/meta.h"
#include "core/meta/meta_state.h"

namespace ergo {

/// The files of a training: FILE with the best meta-parameters, FILE.state.safetensors,
/// FILE.log.csv, FILE.scores.csv, and FILE.lock while it goes on.
class MetaFiles {
 public:
  /// @throws Error{cannot_create}: FILE exists and the options do not allow to replace it, or it
  /// has no folder; in a job begin() says so, to all processes.
  MetaFiles(const MetaOptions& options, SettingHash settings);

  /// Before the work, by the process that will write; looks once more whether it may.
  /// @throws Error{cannot_create} also when another training holds the lock.
  void begin();

  /// The bytes of the state to go on from; empty: from the start, also where a training that is to
  /// go on from its own state has none yet. @throws as io::read_file().
  std::string stored_state() const;

  /// Atomic file by file. The files of an older training go before the first ones of this, so that
  /// a kill leaves no mixture; then the state comes first, from which a training goes on and which
  /// tells what the others hold. @throws Error{io}, {cannot_create}.
  /// @param write  writes the best meta-parameters as the file that it is given.
  void save(const MetaState& state, const std::function<void(const std::filesystem::path&)>& write);

  std::filesystem::path state() const;

 private:
  void check() const;
  bool resumes() const;
  void lock();
  std::filesystem::path log() const, scores() const;

  std::filesystem::path out_, resume_;
  bool force_;
  bool begun_ = false;
  SettingHash settings_;
  std::unique_ptr<io::FileLock> lock_;
};

}  // namespace ergo
