// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/find_file.h"

#include <spdlog/fmt/fmt.h>

#include "core/base/error.h"

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

std::filesystem::path require_file(const std::string& field, const std::string& name,
                                   const std::vector<std::filesystem::path>& folders) {
  namespace fs = std::filesystem;
  const fs::path found = find_file(name, folders);
  std::error_code error;
  if (fs::exists(found, error)) return found;
  std::string places;
  if (!fs::path(name).is_absolute()) {
    for (const fs::path& folder : folders) {
      const std::string place = fs::absolute(folder).lexically_normal().string();
      places += fmt::format("{}'{}'", places.empty() ? " in " : ", ", place);
    }
    places += fmt::format("{}'{}'", places.empty() ? " in " : " or ", fs::current_path().string());
  }
  throw Error(ExitCode::no_input, fmt::format("Field '{}' names '{}', but there is no such file{}.",
                                              field, name, places));
}

}  // namespace ergo
