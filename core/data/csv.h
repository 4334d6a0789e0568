// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "core/data/data_config.h"
#include "core/data/dataset.h"

namespace ergo {

/// Regression on the columns of the text table config.file: shuffled by the seed, split,
/// standardised by training statistics unless the config says no. One input and one target fill the
/// curve. `notes` say how the table was read, `warnings` what in it is likely not meant.
/// @throws Error{config} for an unknown column or sizes that do not fit, {no_input}, {data}.
Dataset make_csv(const DataConfig& config, const std::filesystem::path& base_folder);

}  // namespace ergo
