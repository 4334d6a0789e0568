// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "core/data/data_config.h"
#include "core/data/dataset.h"

namespace ergo {

/// Image classification from four IDX files, or from two, whose last test_size rows are the test
/// points then. Images are [n, width], [n, height, width] or
/// [n, channels, height, width]; bytes stay bytes (pixel / 255), other elements are taken as they
/// are; both are standardised per channel by training statistics if config.normalise. Labels are
/// [n], or the first column of [n, k] (QMNIST), of a whole type; labels that begin at 1 and end at
/// config.classes are shifted down, which `notes` says. The validation points are the last
/// validation_size training rows; train_size and test_size keep the first rows of what is left.
/// @throws Error as read_idx; {data} for a label out of range, shapes or counts that differ, pixels
/// that are not finite; {config} for sizes that do not fit.
Dataset make_idx(const DataConfig& config, const std::filesystem::path& base_folder);

}  // namespace ergo
