// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/error.h"

namespace ergo::io {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

/// Removes the temporary file unless the rename has consumed it.
class Temporary {
 public:
  explicit Temporary(fs::path path) : path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void renamed() { path_.clear(); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

[[noreturn]] void fail_io(const fs::path& path, int error) {
  throw Error(ExitCode::io, fmt::format("cannot write {}: {}", path.string(), reason(error)));
}

[[noreturn]] void fail_create(const fs::path& path, const std::string& why) {
  throw Error(ExitCode::cannot_create, fmt::format("cannot create {}: {}", path.string(), why));
}

/// Follows links, so that the file behind a link is replaced and not the link.
fs::path resolve_target(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status)) return path;
  if (!fs::is_regular_file(status)) fail_create(path, "it exists and is not a regular file");
  std::error_code error;
  fs::path target = fs::canonical(path, error);
  if (error) fail_create(path, error.message());
  return target;
}

fs::path folder_of(const fs::path& target) {
  return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

/// Process id and a count make the name unique among the living; O_EXCL steps over leftovers.
int create_temporary(const fs::path& target, fs::path& name) {
  static std::atomic<unsigned> count{0};
  int fd = -1;
  do {
    name = folder_of(target) / fmt::format(".ergo-{}-{}.tmp", ::getpid(), count++);
    fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (fd < 0 && (errno == EEXIST || errno == EINTR));
  return fd;
}

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_io(path, errno);
    if (written == 0) fail_io(path, ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Without this a power cut can undo the rename. Some network file systems refuse to sync a folder
/// (EINVAL); they order the rename themselves.
void sync_folder(const fs::path& target) {
  const Descriptor folder(::open(folder_of(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) fail_io(target, errno);
  if (::fsync(folder.get()) != 0 && errno != EINVAL) fail_io(target, errno);
}

}  // namespace

void write_file(const fs::path& path, std::string_view bytes) {
  const fs::path target = resolve_target(path);
  fs::path name;
  Descriptor file(create_temporary(target, name));
  if (file.get() < 0) fail_create(path, reason(errno));
  Temporary temporary(std::move(name));
  write_all(file.get(), bytes, path);
  if (::fsync(file.get()) != 0) fail_io(path, errno);
  if (file.close() != 0) fail_io(path, errno);
  if (::rename(temporary.path().c_str(), target.c_str()) != 0) fail_io(path, errno);
  temporary.renamed();
  sync_folder(target);
}

std::string read_file(const fs::path& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    throw Error(missing ? ExitCode::no_input : ExitCode::io,
                fmt::format("cannot read {}: {}", path.string(), reason(errno)));
  }
  constexpr std::size_t chunk = std::size_t{1} << 20;
  std::string content;
  std::size_t used = 0;
  while (true) {
    if (used == content.size()) content.resize(std::max(chunk, 2 * content.size()));
    const ssize_t got = ::read(file.get(), content.data() + used, content.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw Error(ExitCode::io, fmt::format("cannot read {}: {}", path.string(), reason(errno)));
    }
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) {
      throw Error(ExitCode::data,
                  fmt::format("{} is larger than the limit of {} bytes", path.string(), limit));
    }
  }
  content.resize(used);
  return content;
}

}  // namespace ergo::io
