// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/io/sha256.h"

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

[[noreturn]] void fail_read(const fs::path& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  throw Error(missing ? ExitCode::no_input : ExitCode::io,
              fmt::format("cannot read {}: {}", path.string(), reason(error)));
}

/// A pipe would hang the program, a device such as /dev/zero never ends.
void require_regular(const fs::path& path, mode_t mode) {
  if (S_ISREG(mode)) return;
  throw Error(ExitCode::io,
              fmt::format("cannot read {}: it is {}, not a regular file", path.string(),
                          S_ISDIR(mode) ? "a directory" : "a pipe, socket or device"));
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

constexpr std::string_view temporary_begin = ".ergo-", temporary_end = ".tmp";

/// Names this machine since it was started, and the process-id namespace: where a process id means
/// a process.
const std::string& machine() {
  static const std::string name = [] {
    std::error_code error;
    std::string text = fs::read_symlink("/proc/self/ns/pid", error).string();
    std::ifstream boot("/proc/sys/kernel/random/boot_id");
    std::string id;
    if (boot >> id) text += id;
    return sha256_hex(text).substr(0, 8);
  }();
  return name;
}

/// Process id and a count make the name unique among the living; O_EXCL steps over leftovers.
int create_temporary(const fs::path& target, fs::path& name) {
  static std::atomic<unsigned> count{0};
  int fd = -1;
  do {
    name = folder_of(target) / fmt::format("{}{}-{}-{}{}", temporary_begin, machine(), ::getpid(),
                                           count++, temporary_end);
    fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (fd < 0 && (errno == EEXIST || errno == EINTR));
  return fd;
}

/// Whether nobody can be writing the file any more: its process is gone, or, where that cannot be
/// known, it is a day old.
bool is_left_behind(const fs::path& file) {
  const std::string name = file.filename().string();
  const std::string own = fmt::format("{}{}-", temporary_begin, machine());
  if (name.starts_with(own)) {
    const auto pid = static_cast<pid_t>(std::strtol(name.c_str() + own.size(), nullptr, 10));
    return pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
  }
  std::error_code error;
  const auto written = fs::last_write_time(file, error);
  return !error && fs::file_time_type::clock::now() - written > std::chrono::hours(24);
}

/// The file keeps the permissions of the one that it replaces.
void keep_mode(const fs::path& target, int fd, const fs::path& path) {
  struct stat old {};
  if (::stat(target.c_str(), &old) != 0) return;
  if (::fchmod(fd, old.st_mode & 07777) != 0) fail_io(path, errno);
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

}  // namespace

void sync_folder(const fs::path& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) fail_io(path, errno);
  if (::fsync(folder.get()) != 0 && errno != EINVAL) fail_io(path, errno);
}

bool is_temporary(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(temporary_begin) && name.ends_with(temporary_end);
}

void remove_leftovers(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (is_temporary(entry.path()) && entry.is_regular_file(error) && is_left_behind(entry.path()))
      ::unlink(entry.path().c_str());
  }
}

void write_file(const fs::path& path, std::string_view bytes) {
  const fs::path target = resolve_target(path);
  fs::path name;
  Descriptor file(create_temporary(target, name));
  if (file.get() < 0) fail_create(path, reason(errno));
  Temporary temporary(std::move(name));
  keep_mode(target, file.get(), path);
  write_all(file.get(), bytes, path);
  if (::fsync(file.get()) != 0) fail_io(path, errno);
  if (file.close() != 0) fail_io(path, errno);
  if (::rename(temporary.path().c_str(), target.c_str()) != 0) fail_io(path, errno);
  temporary.renamed();
  sync_folder(folder_of(target));
}

void require_readable(const fs::path& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) fail_read(path, errno);
  require_regular(path, about.st_mode);
}

std::string read_file(const fs::path& path, std::size_t limit) {
  // Without O_NONBLOCK opening a pipe would wait for somebody to write into it.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) fail_read(path, errno);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) fail_read(path, errno);
  require_regular(path, about.st_mode);
  constexpr std::size_t chunk = std::size_t{1} << 20;
  // One byte more than the file has: reading then meets its end without growing.
  std::string content(std::min(static_cast<std::size_t>(about.st_size), limit) + 1, '\0');
  std::size_t used = 0;
  while (true) {
    if (used == content.size()) content.resize(std::max(chunk, 2 * content.size()));
    const ssize_t got = ::read(file.get(), content.data() + used, content.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_read(path, errno);
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
