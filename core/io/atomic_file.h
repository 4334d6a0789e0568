// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

/// Whole files in, whole files out.
namespace ergo::io {

/// Replaces `path` by `bytes` so that at any moment, even after a crash or a power cut, either the
/// old or the new file is there: temporary file in the same folder, every write checked, fsync,
/// rename, fsync of the folder. A failure leaves the old file alone and no temporary file behind.
/// A symbolic link to a file keeps being a link. Any thread.
/// @throws Error{cannot_create} when the folder is missing, or no file can be made in it, or `path`
/// is something else than a regular file; Error{io} when writing fails. Both name file and reason.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// The content of `path`. @throws Error{no_input} when it is missing, Error{data} when it holds
/// more than `limit` bytes (never reads further), Error{io} when it cannot be read.
std::string read_file(const std::filesystem::path& path, std::size_t limit);

}  // namespace ergo::io
