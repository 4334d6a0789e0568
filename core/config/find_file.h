// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace ergo {

/// Where `name` lies: as it is when absolute, else in the first of `folders` that holds it, else in
/// the working folder. A name that is nowhere is taken to belong into the first folder.
std::filesystem::path find_file(const std::string& name,
                                const std::vector<std::filesystem::path>& folders);

/// The same, but it must be there. @param field  that names it, "data.file".
/// @throws Error{no_input} naming field, file and the folders that were looked into.
std::filesystem::path require_file(const std::string& field, const std::string& name,
                                   const std::vector<std::filesystem::path>& folders);

}  // namespace ergo
