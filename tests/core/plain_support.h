// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

/// What the tests of the torch-free core share.
namespace ergo::test {

/// Runs `action`. @return empty when it throws Error{code} whose text holds every fragment, else a
/// sentence that says what happened instead (for QCOMPARE with an empty string).
template <class Action, class... Fragments>
std::string wrong_error(Action action, ExitCode code, Fragments... fragments) {
  try {
    action();
  } catch (const Error& error) {
    const std::string text = error.what();
    if (error.code() != code) {
      return "exit code " + std::to_string(static_cast<int>(error.code())) + ": " + text;
    }
    const bool complete = ((text.find(std::string_view(fragments)) != text.npos) && ...);
    return complete ? std::string() : "text: " + text;
  } catch (const std::exception& other) {
    return std::string("not an Error: ") + other.what();
  }
  return "nothing was thrown";
}

/// |a - b| <= tolerance * max(1, |b|); false for NaN.
inline bool near(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

inline double mean_of(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

/// Divisor n.
inline double sd_of(const std::vector<double>& v) {
  const double mean = mean_of(v);
  double squares = 0.0;
  for (const double value : v) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(v.size()));
}

}  // namespace ergo::test
