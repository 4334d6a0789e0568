// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <spdlog/fmt/fmt.h>

#include <QTest>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "tests/core/plain_support.h"

/// Fails the test with the sentence that `expression` gives; an empty one passes.
#define ERGO_OK(expression)                               \
  do {                                                    \
    const std::string problem_text = (expression);        \
    QVERIFY2(problem_text.empty(), problem_text.c_str()); \
  } while (false)

namespace ergo::test {

/// Empty when |actual - expected| <= tolerance * max(1, |expected|).
inline std::string differs(double actual, double expected, double tolerance,
                           const std::string& what = "value") {
  if (near(actual, expected, tolerance)) return {};
  return fmt::format("{} is {}, expected {}", what, actual, expected);
}

/// Empty when the vectors have one length and max |a - b| <= tolerance * max |b|.
template <class A, class B>
std::string vectors_differ(const A& actual, const B& expected, double tolerance,
                           const std::string& what = "vector") {
  if (std::ssize(actual) != std::ssize(expected)) {
    return fmt::format("{}: sizes {} and {}", what, std::ssize(actual), std::ssize(expected));
  }
  double scale = 1e-300;
  for (const auto b : expected) scale = std::max(scale, std::abs(static_cast<double>(b)));
  for (std::size_t i = 0; i < static_cast<std::size_t>(actual.size()); ++i) {
    const double a = static_cast<double>(actual[i]), b = static_cast<double>(expected[i]);
    if (std::abs(a - b) <= tolerance * scale) continue;  // false for NaN
    return fmt::format("{}[{}] is {}, expected {} (largest {})", what, i, a, b, scale);
  }
  return {};
}

/// Normals of the tests' own: not the streams under test.
inline std::vector<double> normals(std::uint64_t seed, std::size_t count, double scale = 1.0) {
  ScalarStream stream(RngKey::from_seed(seed).fold_in(424242));
  std::vector<double> values(count);
  for (double& value : values) value = scale * stream.normal();
  return values;
}

}  // namespace ergo::test
