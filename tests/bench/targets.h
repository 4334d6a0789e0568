// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

namespace ergo::bench {

/// One line of the target table and how it follows from counters of a benchmark:
///   measured = min over `numerators` of median over repetitions of numerator * scale / denominator
///              - offset.
/// A ratio is made within a repetition, whose sides were measured in turns, and then the median is
/// taken, so that a machine that slows down between repetitions does not bend it.
struct Target {
  std::string text{};                     ///< as the table prints it
  std::string benchmark{};                ///< name of the benchmark
  std::vector<std::string> numerators{};  ///< counters; the smallest counts (the faster peer)
  std::string denominator{};              ///< counter, or empty for 1
  double goal = 0.0;
  bool at_least = true;  ///< goal is a lower bound; otherwise an upper one
  double scale = 1.0, offset = 0.0;
  std::string unit{};  ///< "x", "share", "s", "ms"
  /// Empty: the benchmark must be there, or the results say why not (Results::absent). Otherwise
  /// why it is not there where the results do not say.
  std::string when_absent{};
  std::string remark{};  ///< always printed with the row
  std::string cause{};   ///< printed when the goal is missed: what is known of why
};

/// The performance targets of the project, in the order of the table.
const std::vector<Target>& targets();

}  // namespace ergo::bench
