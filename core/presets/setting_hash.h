// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "core/config/field.h"

namespace ergo {

/// Ties a file to the settings that it was made with: SHA-256 of the fields that differ from their
/// defaults, so that a field that is added later, at its default, leaves the hash as it was. (Hence
/// a default never changes its meaning: FORMAT.md, "SHA-256".)
///
/// Files of schema 1 hold another hash, over all fields that there were then, defaults filled in;
/// they still match while every later field is at its default.
class SettingHash {
 public:
  /// Adds a section. @param first  the section's fields of schema 1 with their defaults, as JSON;
  /// @param ignored  fields that do not decide the numbers.
  template <class Config>
  requires(!std::is_same_v<Config, nlohmann::json>) void add(
      const Config& config, const char* first, const std::vector<std::string>& ignored = {}) {
    add(to_json(config), to_json(Config{}), first, ignored);
  }
  /// The same from objects of present values and of defaults.
  void add(const nlohmann::json& values, const nlohmann::json& defaults, const char* first,
           const std::vector<std::string>& ignored = {});
  /// Adds what no section holds.
  void add_text(const std::string& text) { suffix_ += "|" + text; }

  std::string hex() const;
  bool matches(const std::string& stored) const;  ///< by either rule

 private:
  nlohmann::json changed_ = nlohmann::json::array();  ///< an object a section
  nlohmann::json former_ = nlohmann::json::array();
  bool later_ = false;  ///< a field that schema 1 did not have is not at its default
  std::string suffix_;
};

}  // namespace ergo
