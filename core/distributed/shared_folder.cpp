// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/shared_folder.h"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <random>
#include <system_error>

#include "core/base/error.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "ergo.";             // of every name
constexpr std::string_view temporary_prefix = ".ergo.";  // of files that are being written
constexpr std::size_t largest = 64u << 20;               // bytes; ours are at most 16 MiB

std::string reason(int error) { return std::generic_category().message(error); }

bool is_own(const std::string& name) {
  return name.starts_with(prefix) || name.starts_with(temporary_prefix);
}

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw Error(ExitCode::cannot_create,
              fmt::format("Rendezvous folder '{}' {}.", path.string(), why));
}

/// Differs between processes of all machines, and between forks of one process.
std::string unique_name() {
  static std::atomic<unsigned> count{0};
  static const unsigned random = std::random_device{}();
  return fmt::format("{}{:08x}.{}.{}", temporary_prefix, random, ::getpid(), count++);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

SharedFolder::SharedFolder(fs::path path) : path_(std::move(path)) {
  if (path_.empty()) refuse(path_, "needs a name");
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
    refuse(path_, fmt::format("cannot be created: {}", reason(errno)));
  }
  check();
}

void SharedFolder::check() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) refuse(path_, reason(errno));
  if (!S_ISDIR(status.st_mode)) refuse(path_, "is no folder");
  if (status.st_uid != ::geteuid()) refuse(path_, "belongs to another user");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    refuse(path_, "may be written by other users; name one that only you may write to");
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    const std::string name = entry.path().filename().string();
    if (!is_own(name)) refuse(path_, fmt::format("holds '{}'; name a new or empty folder", name));
  }
  if (error) refuse(path_, fmt::format("cannot be read: {}", error.message()));
}

fs::path SharedFolder::file(const std::string& name) const {
  return path_ / (std::string(prefix) + name);
}

void SharedFolder::fail(const char* action, int error) const {
  throw Error(ExitCode::io, fmt::format("Rendezvous folder '{}' cannot be {}: {}.", path_.string(),
                                        action, reason(error)));
}

/// No fsync: what counts is what the living see, not what survives a power cut.
fs::path SharedFolder::write_temporary(std::string_view bytes) const {
  const fs::path name = path_ / unique_name();
  const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) fail("written", errno);
  const bool written = write_all(fd, bytes);
  const int error = errno;
  const bool closed = ::close(fd) == 0;
  if (written && closed) return name;
  ::unlink(name.c_str());
  fail("written", written ? errno : error);
}

void SharedFolder::put(const std::string& name, std::string_view bytes) const {
  const fs::path temporary = write_temporary(bytes);
  if (::rename(temporary.c_str(), file(name).c_str()) == 0) return;
  const int error = errno;
  ::unlink(temporary.c_str());
  fail("written", error);
}

std::string SharedFolder::put_first(const std::string& name, std::string_view bytes) const {
  const fs::path temporary = write_temporary(bytes);
  const bool first = ::link(temporary.c_str(), file(name).c_str()) == 0;
  const int error = errno;
  ::unlink(temporary.c_str());
  if (!first && error != EEXIST) fail("written", error);
  const std::optional<std::string> winner = get(name);
  if (!winner) fail("read", ENOENT);
  return *winner;
}

std::optional<std::string> SharedFolder::get(const std::string& name) const {
  const int fd = ::open(file(name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  if (fd < 0) fail("read", errno);
  std::string bytes;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::read(fd, buffer, sizeof(buffer))) != 0 && bytes.size() < largest) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
  const int error = errno;
  ::close(fd);
  if (got != 0) fail("read", got < 0 ? error : EFBIG);
  return bytes;
}

bool SharedFolder::has(const std::string& name) const {
  if (::access(file(name).c_str(), F_OK) == 0) return true;
  if (errno != ENOENT) fail("read", errno);
  return false;
}

bool SharedFolder::exists() const { return ::access(path_.c_str(), F_OK) == 0; }

void SharedFolder::remove(const std::string& name) const noexcept { ::unlink(file(name).c_str()); }

void SharedFolder::remove_all() const noexcept {
  std::error_code ignored;
  for (auto it = fs::directory_iterator(path_, ignored); !ignored && it != fs::directory_iterator();
       it.increment(ignored)) {
    if (is_own(it->path().filename().string())) ::unlink(it->path().c_str());
  }
  ::rmdir(path_.c_str());
}

}  // namespace ergo
