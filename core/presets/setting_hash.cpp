// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/presets/setting_hash.h"

#include <algorithm>

#include "core/io/sha256.h"

namespace ergo {

using nlohmann::json;

void SettingHash::add(const std::vector<Field>& fields, const json& defaults, const char* first,
                      const std::vector<std::string>& ignored) {
  json changed = json::object(), former = json::parse(first);
  for (const Field& field : fields) {
    if (std::find(ignored.begin(), ignored.end(), field.name) != ignored.end()) continue;
    const bool is_default = field.value == defaults.at(field.name);
    if (!is_default) changed[field.name] = field.value;
    if (former.contains(field.name)) {
      former[field.name] = field.value;
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
