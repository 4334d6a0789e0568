// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/data/data_config.h"
#include "core/events/events.h"

namespace ergo {

/// Network inputs, [count, width] row-major: doubles, or bytes that mean x = byte*scale + shift
/// (an eighth of the memory for images).
struct Inputs {
  std::int64_t count = 0, width = 0;
  std::vector<double> values;
  std::vector<std::uint8_t> bytes;  ///< used when `values` is empty
  double scale = 1.0, shift = 0.0;

  /// Copies rows[0..n) to `out`, [n, width]. T is float or double.
  /// @pre 0 <= rows[i] < count. Any thread.
  template <class T>
  void gather(const std::int64_t* rows, std::int64_t n, T* out) const;
};

/// One part of a data set, as the network sees it.
struct Split {
  Inputs x;
  std::vector<double> y;             ///< regression: standardised targets, [count, targets]
  std::vector<std::int32_t> labels;  ///< classification
  std::int64_t size() const { return x.count; }
};

/// original = standardised * sd + mean; training statistics, sd with divisor n, sd 1 for a
/// constant.
struct Standardisation {
  /// [inputs]; one entry that serves all inputs (images); empty: the inputs are as in the source.
  std::vector<double> x_mean, x_sd;
  std::vector<double> y_mean = {0.0}, y_sd = {1.0};  ///< [targets]
};

enum class Task { regression, classification };

struct Dataset {
  Task task = Task::regression;
  std::string name;
  std::int64_t inputs = 0;   ///< width of x
  std::int64_t targets = 1;  ///< regression: numbers of a row of y
  std::int64_t outputs = 1;  ///< the number of targets, or of classes
  Split train, validation, test;
  Standardisation standardisation;
  CurveData curve;                       ///< original units; 1-D regression only
  Inputs grid;                           ///< curve.grid_x as the network sees it
  std::vector<double> test_truth;        ///< noise-free test targets, original units; may be empty
  std::vector<std::string> class_names;  ///< [outputs] for classification
  std::string sha256;                    ///< of train, validation and test as stored here
};

/// Makes the data set of the source that the config names; the same config gives the same bytes.
/// @param base_folder  relative file names start here.
/// @throws Error{config} for a bad seed or sizes that do not fit, {no_input} for a missing file,
/// {data} for a malformed one; each names the field or the file.
Dataset make_dataset(const DataConfig& config, const std::filesystem::path& base_folder);

/// SHA-256 over sizes, inputs, targets and labels of the three splits.
std::string hash_of(const Dataset& dataset);

}  // namespace ergo
