// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

/// What a run of the benchmarks left behind: Google Benchmark's JSON, reduced to what the target
/// table needs. Free of torch, Qt and Google Benchmark.
namespace ergo::bench {

/// All repetitions of one benchmark. A repetition is one pair of measurements, taken in turns.
struct Measured {
  std::map<std::string, std::vector<double>> counters;  ///< name -> one value a repetition
  std::optional<std::string> failure;                   ///< what SkipWithError said
};

struct Results {
  std::map<std::string, Measured> benchmarks;  ///< by name, without "/iterations:..." and so on
  std::map<std::string, std::string> context;  ///< machine, libraries, load
  /// Benchmark -> why it was not run here ("one core"); from context keys "not_measured:BENCHMARK".
  std::map<std::string, std::string> absent;
};

/// Adds a document to `results`. `source` names it in errors.
/// @throws Error{data} when it is not the JSON of Google Benchmark, or a number is not finite.
void add_results(Results& results, const nlohmann::json& document, const std::string& source);

/// Reads a file. @throws Error{no_input} when it is missing, Error{data} as above.
void add_results_file(Results& results, const std::string& file);

}  // namespace ergo::bench
