// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/results.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "core/base/error.h"
#include "core/io/atomic_file.h"

namespace ergo::bench {
namespace {

using nlohmann::json;

constexpr std::string_view not_measured = "not_measured:";

[[noreturn]] void refuse(const std::string& source, const std::string& what) {
  throw Error(ExitCode::data, fmt::format("{}: {}.", source, what));
}

/// Google Benchmark appends how it ran: "l2e_kernel/iterations:1/repeats:25/manual_time".
std::string plain_name(const std::string& name) {
  std::string plain;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    const bool how = part.find(':') != part.npos || part == "manual_time" || part == "real_time" ||
                     part == "process_time";
    if (!how) plain += (plain.empty() ? "" : "/") + part;
    begin = end + 1;
  }
  return plain;
}

/// Keys of an entry that are Google Benchmark's own numbers, not counters.
bool is_own(const std::string& key) {
  static const std::set<std::string> own = {"family_index", "per_family_instance_index",
                                            "repetitions",  "repetition_index",
                                            "threads",      "iterations"};
  return own.contains(key);
}

void add_entry(Results& results, const json& entry, const std::string& source) {
  if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) {
    refuse(source, "an entry of 'benchmarks' has no name");
  }
  if (entry.value("run_type", "iteration") == "aggregate") return;  // the table makes its own
  const auto name = entry["name"].get<std::string>();
  Measured& measured = results.benchmarks[plain_name(name)];
  if (entry.value("error_occurred", false)) {
    measured.failure = entry.value("error_message", "no reason given");
    return;
  }
  for (const auto& [key, value] : entry.items()) {
    if (is_own(key)) continue;
    // Google Benchmark writes NaN and infinity as bare words, which are not JSON; null is ours.
    if (value.is_null() || (value.is_number() && !std::isfinite(value.get<double>()))) {
      refuse(source, fmt::format("'{}' of benchmark '{}' is not a finite number", key, name));
    }
    if (value.is_number()) measured.counters[key].push_back(value.get<double>());
  }
}

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  // The load average of the last minute is what matters to a reader.
  if (value.is_array() && !value.empty()) return text_of(value.front());
  return value.dump();
}

}  // namespace

void add_results(Results& results, const json& document, const std::string& source) {
  if (!document.is_object() || !document.contains("benchmarks") ||
      !document["benchmarks"].is_array()) {
    refuse(source, "must be the JSON of Google Benchmark, an object with a list 'benchmarks'");
  }
  if (document.contains("context") && document["context"].is_object()) {
    for (const auto& [key, value] : document["context"].items()) {
      if (key.starts_with(not_measured))
        results.absent[key.substr(not_measured.size())] = text_of(value);
      else
        results.context[key] = text_of(value);
    }
  }
  for (const json& entry : document["benchmarks"]) add_entry(results, entry, source);
}

void add_results_file(Results& results, const std::string& file) {
  constexpr std::size_t limit = 64u << 20;
  const std::string text = io::read_file(file, limit);
  json document;
  try {
    document = json::parse(text);
  } catch (const json::exception&) {
    refuse(file, "must be JSON");
  }
  add_results(results, document, file);
}

}  // namespace ergo::bench
