// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/setting_hash.h"

#include <algorithm>

#include "core/io/sha256.h"

namespace ergo {

using nlohmann::json;

void SettingHash::add(const json& values, const json& defaults, const char* first,
                      const std::vector<std::string>& ignored) {
  json changed = json::object(), former = json::parse(first);
  for (const auto& [name, value] : values.items()) {
    if (std::find(ignored.begin(), ignored.end(), name) != ignored.end()) continue;
    const bool is_default = value == defaults.at(name);
    if (!is_default) changed[name] = value;
    if (former.contains(name)) {
      former[name] = value;
    } else {
      later_ = later_ || !is_default;
    }
  }
  changed_.push_back(std::move(changed));
  former_.push_back(std::move(former));
}

std::string SettingHash::hex() const { return io::sha256_hex(changed_.dump() + suffix_); }

bool SettingHash::matches(const std::string& stored) const {
  return stored == hex() || (!later_ && stored == io::sha256_hex(former_.dump() + suffix_));
}

}  // namespace ergo
