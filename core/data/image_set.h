// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ergo {

/// Labelled grey images of one size, bytes as they are in the files.
struct ImageSet {
  std::string name;  ///< of its folder
  std::int64_t count = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  ///< [count, height, width]
  std::vector<std::uint8_t> labels;  ///< [count]
};

/// Reads `images-idx3-ubyte.gz` and `labels-idx1-ubyte.gz` (or both without `.gz`) of a folder.
/// @throws Error as read_idx(); {data} naming the file for other shapes or types, {no_input} naming
/// `field` and the folder where they are missing.
ImageSet load_image_set(const std::string& field, const std::filesystem::path& folder);

/// Every image as side x side pixels: the mean over the area that a pixel covers, rounded to the
/// nearest byte. Of a side that divides the images' own this is mean pooling.
ImageSet resized(const ImageSet& set, std::int64_t side);

/// SHA-256 over count, height and width (int64), the pixels, then the labels, a byte each.
std::string hash_of(const ImageSet& set);

}  // namespace ergo
