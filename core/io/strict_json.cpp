// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/strict_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/base/error.h"
#include "core/io/json_check.h"

namespace ergo::io {
namespace {

using nlohmann::json;

constexpr int deepest = JsonRules{}.deepest;

/// An object or list that is being read: its keys so far and the one whose value comes.
struct Level {
  std::set<std::string> keys;
  std::string key;
};

std::string path_of(const std::vector<Level>& levels) {
  std::string path;
  for (const Level& level : levels) path += (path.empty() ? "" : ".") + level.key;
  return path;
}

[[noreturn]] void fail_syntax(std::string_view text, std::size_t byte, const std::string& source) {
  const std::size_t at = std::min(byte > 0 ? byte - 1 : 0, text.size());
  const std::string_view before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  const std::string_view here = text.substr(at, 1);
  const bool comment =
      here == "/" || here == "#" || text.substr(at > 0 ? at - 1 : 0).starts_with("/");
  std::string what = "not valid JSON";
  if (here.empty()) what = "not valid JSON, it ends too early";
  if (comment) what = "a comment, which JSON does not have; take it out";
  throw Error(ExitCode::data,
              fmt::format("{}: line {}, column {}: {}.", source, line, at - start + 1, what));
}

}  // namespace

json parse_strict_json(std::string_view text, const std::string& source) {
  std::vector<Level> levels;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    using Event = json::parse_event_t;
    if (depth > deepest) {
      throw Error(ExitCode::data,
                  fmt::format("{}: it is nested more than {} levels deep.", source, deepest));
    }
    if (event == Event::object_start) levels.emplace_back();
    if (event == Event::object_end) levels.pop_back();
    if (event != Event::key) return true;
    Level& level = levels.back();
    level.key = value.get<std::string>();
    if (level.keys.insert(level.key).second) return true;
    throw Error(ExitCode::data, fmt::format("{}: field '{}' is given twice; take one of them out.",
                                            source, path_of(levels)));
  };
  try {
    return json::parse(text, watch);
  } catch (const json::parse_error& error) {
    fail_syntax(text, error.byte, source);
  } catch (const json::exception& error) {
    throw Error(ExitCode::data, fmt::format("{}: not valid JSON: {}.", source, error.what()));
  }
}

}  // namespace ergo::io
