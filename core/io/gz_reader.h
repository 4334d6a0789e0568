// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace ergo::io {

/// Reads a file from front to back, unpacking it when it is compressed by gzip.
class GzReader {
 public:
  /// @throws Error{no_input} when missing, {io} when it cannot be read or is no regular file.
  explicit GzReader(const std::filesystem::path& path);

  /// @return the number of bytes read, less than `size` only at the end of the file.
  /// @throws Error{data} for damaged or incomplete compressed data and for such that unpack to more
  /// than 64 MiB and 64 times their size, {io}.
  std::size_t read(std::uint8_t* out, std::size_t size);

  /// @throws Error{data}: the file's name, a colon and `what`, a sentence.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose_r(file); }
  };
  [[noreturn]] void fail_reading() const;
  void check_ratio(std::uint64_t more);
  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::uint64_t unpacked_ = 0;
};

}  // namespace ergo::io
