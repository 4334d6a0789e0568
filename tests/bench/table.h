// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/results.h"
#include "tests/bench/targets.h"

namespace ergo::bench {

/// One evaluated target. `met` is empty exactly where nothing was measured.
struct Row {
  Target target;
  std::optional<double> measured;
  double low = 0.0, high = 0.0;  ///< quartiles over the repetitions of the counting numerator
  std::size_t repetitions = 0;
  std::optional<bool> met;
  bool failed = false;  ///< the benchmark itself reported an error
  std::string note;     ///< why nothing was measured, or the parts of the ratio and the remark
};

/// A benchmark that was not run makes a row "not measured: <why>", where the results or the target
/// know why.
/// @throws Error{data} naming the benchmark or counter when a required one is missing, counters of
/// one benchmark have different lengths, or a denominator is not positive.
std::vector<Row> evaluate(const Results& results, const std::vector<Target>& list);

/// The machine in words, from the context.
std::string machine(const Results& results);

/// For people; ends with the list of missed targets.
std::string table_text(const std::vector<Row>& rows, const Results& results);

/// Figures without a goal: every benchmark that no target uses, medians of its counters.
std::string figures_text(const Results& results, const std::vector<Target>& list);

/// [{"target", "measured", "goal", "met", "bound", "unit", "note", "machine"}]; null where nothing
/// was measured. `bound` is "at least" or "at most".
nlohmann::ordered_json table_json(const std::vector<Row>& rows, const Results& results);

/// Linear interpolation between order statistics; 0 <= share <= 1. @pre not empty.
double quantile(std::vector<double> values, double share);

}  // namespace ergo::bench
