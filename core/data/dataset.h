// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/events/events.h"

namespace ergo {

/// Of one row of inputs: an image [channels, height, width], or the row of a table, which has a
/// width alone.
struct InputShape {
  std::int64_t channels = 1, height = 1, width = 0;
  std::int64_t size() const { return channels * height * width; }
  bool operator==(const InputShape&) const = default;
};

/// Network inputs, [count, shape] row-major: doubles, or bytes that mean x = byte*scale + shift
/// (an eighth of the memory for images).
struct Inputs {
  std::int64_t count = 0;
  InputShape shape;
  std::vector<double> values;
  std::vector<std::uint8_t> bytes;                   ///< used when `values` is empty
  std::vector<double> scale = {1.0}, shift = {0.0};  ///< [channels], of bytes

  /// Copies rows[0..n) to `out`, [n, shape.size()]. T is float or double.
  /// @pre 0 <= rows[i] < count. Any thread.
  template <class T>
  void gather(const std::int64_t* rows, std::int64_t n, T* out) const;
};

/// One part of a data set, as the network sees it.
struct Split {
  Inputs x;
  std::vector<double> y;             ///< regression: standardised targets, [count, targets]
  std::vector<std::int32_t> labels;  ///< classification
  std::vector<std::int64_t> rows;    ///< of a table: its rows, from 0; else empty
  std::int64_t size() const { return x.count; }
};

/// original = standardised * sd + mean; training statistics, sd with divisor n, sd 1 for a
/// constant.
struct Standardisation {
  /// Of a table [inputs], of images [channels]; empty: the inputs are as in the source.
  std::vector<double> x_mean, x_sd;
  std::vector<double> y_mean = {0.0}, y_sd = {1.0};  ///< [targets]
};

enum class Task { regression, classification };
const char* to_string(Task task);

struct Dataset {
  Task task = Task::regression;
  std::string name;
  std::int64_t inputs = 0;   ///< numbers of a row of x
  std::int64_t targets = 1;  ///< regression: numbers of a row of y
  std::int64_t outputs = 1;  ///< the number of targets, or of classes
  Split train, validation, test;
  Standardisation standardisation;
  CurveData curve;                       ///< original units; 1-D regression only
  Inputs grid;                           ///< curve.grid_x as the network sees it
  std::vector<std::string> class_names;  ///< [outputs] for classification
  std::vector<std::string> notes;        ///< sentences: how it was read
  std::vector<std::string> warnings;     ///< sentences: what is likely not meant
  std::string sha256;                    ///< of train, validation and test as stored here
};

/// Sd of each training target in original units, [targets].
std::vector<double> target_sd(const Dataset& dataset);

/// SHA-256 over sizes, inputs, targets and labels of the three splits.
std::string hash_of(const Dataset& dataset);

}  // namespace ergo
