// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "core/base/error.h"

namespace ergo::io {
namespace {

constexpr std::string_view mark = "ergoscope ";

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
  throw Error(ExitCode::cannot_create, fmt::format("cannot lock {}: {}", path.string(), why));
}

std::string reason(int error) { return std::generic_category().message(error); }

std::string content(int fd) {
  std::array<char, 256> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  return std::string(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
}

std::string own_name() {
  std::array<char, 128> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}process {} on {}", mark, ::getpid(), host.data());
}

/// A holder that ends removes the file, so the one that was opened may be nobody's by now.
bool still_named(int fd, const std::filesystem::path& path) {
  struct stat opened {
  }, named{};
  return ::fstat(fd, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

FileLock::FileLock(std::filesystem::path path) : path_(std::move(path)) {
  while (!take()) ::close(std::exchange(fd_, -1));
  const std::string name = own_name();
  if (::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, name.data(), name.size(), 0) > 0) return;
  const int error = errno;
  ::close(fd_);
  fail(path_, reason(error));
}

bool FileLock::take() {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  if (fd_ < 0) fail(path_, reason(errno));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  const int status = ::fcntl(fd_, F_OFD_SETLK, &whole);
  const int error = errno;
  if (status == 0 && !still_named(fd_, path_)) return false;
  const std::string found = content(fd_);
  const bool ours = found.empty() || found.starts_with(mark);
  if (status == 0 && ours) return true;
  ::close(std::exchange(fd_, -1));
  if (!ours) fail(path_, "it is no lock of this program");
  if (error != EAGAIN && error != EACCES) fail(path_, reason(error));
  fail(path_, fmt::format("{} is writing here; wait for it, or name another output",
                          found.empty() ? "another process" : found.substr(mark.size())));
}

FileLock::~FileLock() {
  ::unlink(path_.c_str());  // while it is still held: nobody else's is removed
  ::close(fd_);
}

}  // namespace ergo::io
