// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

namespace ergo::io {

/// A file that one process at a time holds. The system keeps the lock (an open-file-description
/// lock), so a kill frees it and a file left behind means nothing. The file names its holder and is
/// removed in the end.
class FileLock {
 public:
  /// @throws Error{cannot_create} naming the file: another process holds it, it is somebody else's
  /// file or a link, it cannot be made, or the file system knows no locks.
  explicit FileLock(std::filesystem::path path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  bool take();

  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace ergo::io
