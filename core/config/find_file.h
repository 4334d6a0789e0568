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

}  // namespace ergo
