// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/gz_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/base/error.h"
#include "core/io/atomic_file.h"

namespace ergo::io {
namespace {

constexpr std::size_t chunk = std::size_t{1} << 20;
constexpr std::uint64_t free_bytes = std::uint64_t{64} << 20, most_unpacked = 64;

[[noreturn]] void fail_io(ExitCode code, const std::filesystem::path& path, int error) {
  throw Error(code, fmt::format("cannot read {}: {}", path.string(),
                                std::generic_category().message(error)));
}

}  // namespace

// gzread passes uncompressed files through, so one reader serves both kinds.
GzReader::GzReader(const std::filesystem::path& path) : path_(path) {
  require_readable(path);
  errno = 0;
  file_.reset(gzopen(path.c_str(), "rb"));
  if (!file_) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    fail_io(missing ? ExitCode::no_input : ExitCode::io, path, errno);
  }
}

std::size_t GzReader::read(std::uint8_t* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const auto wanted = static_cast<unsigned>(std::min(chunk, size - done));
    const int got = gzread(file_.get(), out + done, wanted);
    if (got < 0) fail_reading();
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
    check_ratio(static_cast<std::uint64_t>(got));
  }
  int code = Z_OK;
  gzerror(file_.get(), &code);
  if (done < size && code == Z_BUF_ERROR) fail("the compressed data end too early.");
  return done;
}

/// gzip can make 1 MiB of zeros of 1 KiB: a small file must not take all memory.
void GzReader::check_ratio(std::uint64_t more) {
  unpacked_ += more;
  if (unpacked_ <= free_bytes) return;
  const auto packed = static_cast<std::uint64_t>(gzoffset(file_.get()));
  if (unpacked_ - free_bytes <= most_unpacked * packed) return;
  fail(fmt::format("Its first {} bytes unpack to more than {} bytes and {} times their number.",
                   packed, free_bytes, most_unpacked));
}

void GzReader::fail(const std::string& what) const {
  throw Error(ExitCode::data, fmt::format("{}: {}", path_.string(), what));
}

void GzReader::fail_reading() const {
  int code = Z_OK;
  const char* text = gzerror(file_.get(), &code);
  if (code == Z_ERRNO) fail_io(ExitCode::io, path_, errno);
  fail(fmt::format("the compressed data are damaged ({}).", text));
}

}  // namespace ergo::io
