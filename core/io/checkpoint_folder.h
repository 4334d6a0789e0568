// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ergo::io {

/// Checkpoints of one piece of work, `<path>/<counter>/`. Each is made under another name and
/// renamed when it is whole; its `COMMIT` lists name, size and SHA-256 of every file. The newest
/// one that fits its list counts, three are kept. Files below `draws/` are written once and belong
/// to every later checkpoint: as a hard link where the file system has them, else as a copy. One
/// process at a time, which holds the lock of the folder around it; one thread at a time.
class CheckpointFolder {
 public:
  using Files = std::map<std::string, std::string>;  ///< name, bytes
  struct Listed {
    std::uint64_t size = 0;
    std::string sha256;
  };
  /// One that was whole when it was found.
  struct Checkpoint {
    std::filesystem::path folder;
    std::map<std::string, Listed> files;
    std::vector<std::string> damaged;                 ///< why newer ones did not count, sentences
    std::string read(const std::string& name) const;  ///< @throws as read_file
  };

  /// Of new work, until newest() is called: the first write() replaces those of former work.
  explicit CheckpointFolder(std::filesystem::path path);
  /// Whether there is a checkpoint, whole or damaged.
  static bool used(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  /// The one that counts, from which the work goes on; none where there are no checkpoints.
  /// @throws Error{data} when all are damaged.
  std::optional<Checkpoint> newest();
  /// Adds one with these files and those of the last one below `draws/`.
  /// @throws Error{io}, {cannot_create} naming the file; then all is as it was.
  void write(const Files& files);
  /// Removes all, the oldest first: while one is left it counts. As far as possible.
  void clear();

 private:
  std::vector<std::int64_t> counters() const;  ///< of what is there, rising
  std::filesystem::path folder(std::int64_t counter) const;
  std::filesystem::path staging() const;
  void remove(std::int64_t counter) const;
  void make(const Files& files, Checkpoint& made) const;
  void take_over(const std::string& name, const std::filesystem::path& to) const;
  void remove_old() const;

  std::filesystem::path path_;
  std::int64_t next_ = 1, first_own_ = 1;
  Checkpoint last_;  ///< without files: none yet
};

}  // namespace ergo::io
