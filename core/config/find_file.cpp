// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/find_file.h"

namespace ergo {

std::filesystem::path find_file(const std::string& name,
                                const std::vector<std::filesystem::path>& folders) {
  const std::filesystem::path path(name);
  if (path.is_absolute()) return path;
  for (const std::filesystem::path& folder : folders) {
    if (std::filesystem::exists(folder / path)) return folder / path;
  }
  if (folders.empty() || std::filesystem::exists(path)) return path;
  return folders.front() / path;
}

}  // namespace ergo
