// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

#include "core/base/rng.h"
#include "core/data/data_config.h"
#include "core/data/dataset.h"

/// What the sources of data share.
namespace ergo {

/// Purposes of the keys under a data seed. Never renumber: the numbers decide the data.
enum class DataPurpose : std::uint64_t {
  function = 1,
  train_x = 2,
  train_noise = 3,
  validation_x = 4,
  validation_noise = 5,
  test_x = 6,
  test_noise = 7,
  shuffle = 8,
};

/// @throws Error{config} unless data.seed is an unsigned 64-bit number in decimal.
ScalarStream data_stream(const DataConfig& config, DataPurpose purpose);

/// `count` equally spaced numbers from first to last; the first alone when count is 1.
std::vector<double> linspace(double first, double last, std::int64_t count);

/// Fills `standardisation` from the training split (inputs, or targets too) and applies it to the
/// three splits and the grid. @throws Error{data} naming the data set when a column overflows.
void standardise_inputs(Dataset& dataset);
void standardise_targets(Dataset& dataset);

/// The config's grid, or [min, max] when the config leaves it to the source.
/// @throws Error{config} when grid_min > grid_max.
std::vector<double> curve_grid(const DataConfig& config, double min, double max);

}  // namespace ergo
