// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ergo {

/// Small files in a folder that every process of a job sees: how the processes find each other and
/// agree on who is still there. A name appears with its whole content or not at all, and nobody
/// holds a lock, so a process that is killed or stopped in the middle of a call never blocks the
/// others. (c10d's FileStore writes an entry in four pieces under a file lock: half an entry of a
/// killed process makes its readers spin, and a stopped process keeps the lock.)
///
/// Names are letters, digits, '.' and '-'. Any thread, any process.
class SharedFolder {
 public:
  /// Makes the folder (mode 0700) unless it is there. @throws Error{cannot_create} naming it when
  /// that fails, when others may write to it, or when it holds files that are not of this kind.
  explicit SharedFolder(std::filesystem::path path);

  /// Replaces `name`. @throws Error{io} naming the folder, as the other functions.
  void put(const std::string& name, std::string_view bytes) const;
  /// Makes `name` unless it exists. @return what it holds now: the first one's bytes.
  std::string put_first(const std::string& name, std::string_view bytes) const;
  std::optional<std::string> get(const std::string& name) const;
  bool has(const std::string& name) const;
  bool exists() const;  ///< false once it was removed
  void remove(const std::string& name) const noexcept;
  void remove_all() const noexcept;  ///< own files and the folder, as far as possible
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path file(const std::string& name) const;
  std::filesystem::path write_temporary(std::string_view bytes) const;
  void check() const;
  [[noreturn]] void fail(const char* action, int error) const;

  std::filesystem::path path_;
};

}  // namespace ergo
