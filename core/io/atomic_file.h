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
/// A symbolic link to a file keeps being a link, a file its permissions. Any thread.
/// @throws Error{cannot_create} when the folder is missing, or no file can be made in it, or `path`
/// is something else than a regular file; Error{io} when writing fails. Both name file and reason.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Makes renames in the folder last: without it a power cut can undo them. Some network file
/// systems refuse (EINVAL); they order renames themselves. @throws Error{io}.
void sync_folder(const std::filesystem::path& path);

/// Whether the name is one of those under which write_file() begins.
bool is_temporary(const std::filesystem::path& path);
/// Removes what killed processes left of such files in `folder`, as far as possible.
void remove_leftovers(const std::filesystem::path& folder);

/// The content of `path`. @throws Error{no_input} when it is missing, Error{data} when it holds
/// more than `limit` bytes (never reads further), Error{io} when it cannot be read or is a pipe, a
/// device or a folder.
std::string read_file(const std::filesystem::path& path, std::size_t limit);

/// For readers of their own. @throws as read_file() would, but for the limit.
void require_readable(const std::filesystem::path& path);

}  // namespace ergo::io
