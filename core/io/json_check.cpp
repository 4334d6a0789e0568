// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/json_check.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace ergo::io {
namespace {

using Json = nlohmann::json;

/// Not Json::parse with a callback, whose time is quadratic in the members of an object.
class Checker final : public Json::json_sax_t {
 public:
  explicit Checker(const JsonRules& rules) : rules_(rules) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return leave(); }

  bool key(string_t& name) override {
    if (!rules_.unique_keys || keys_.back().insert(name).second) return true;
    fault = fmt::format("the key '{}' appears twice", name);
    return false;
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    fault = std::string("it is not JSON: ") + error.what();
    return false;
  }

  std::string fault;

 private:
  bool enter() {
    keys_.emplace_back();
    if (static_cast<int>(keys_.size()) <= rules_.deepest) return true;
    fault = fmt::format("it is nested more than {} levels deep", rules_.deepest);
    return false;
  }
  bool leave() {
    keys_.pop_back();
    return true;
  }

  JsonRules rules_;
  std::vector<std::set<std::string>> keys_;  ///< of the objects that are open
};

}  // namespace

std::string json_fault(std::string_view text, const JsonRules& rules) {
  Checker checker(rules);
  Json::sax_parse(text, &checker);
  return checker.fault;
}

}  // namespace ergo::io
