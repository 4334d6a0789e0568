// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/data/dataset.h"

namespace ergo {

/// An IDX file of unsigned bytes: big-endian magic 0x0000_08_dd with dd dimensions, dd sizes of
/// 32 bits, then the elements. Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".
struct IdxArray {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;
};

/// Reads IDX or gzip-compressed IDX; never more than the header announces, so that a compressed
/// bomb costs nothing. @throws Error{no_input} when missing, {data} for another magic, a header of
/// more than 4 GiB, missing or trailing bytes, damaged compression; all name the file.
IdxArray read_idx(const std::filesystem::path& path);

/// Image classification from four IDX files. Pixels stay bytes. The validation points are the last
/// validation_size training rows; train_size and test_size keep the first rows of what is left.
/// @throws Error as read_idx; {data} for a label that is not below config.classes or counts that
/// differ; {config} for sizes that do not fit.
Dataset make_idx(const DataConfig& config, const std::filesystem::path& base_folder);

}  // namespace ergo
